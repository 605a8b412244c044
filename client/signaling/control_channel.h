// The client's end of the control messages: numbers requests, matches answers, acknowledges what
// the gateway says, and takes a session up again on another connection without losing or repeating
// anything (docs/protocol.md §2).
//
// Sans-I/O: messages go in and come out as text, with the time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "client/signaling/gateway_message.h"
#include "core/base/units.h"

namespace ferry::client {

enum class RequestType {
  kJoin,
  kResume,
  kLeave,
  kPublish,
  kUpdateStream,
  kUnpublish,
  kSubscribe,
  kUpdateSubscription,
  kUnsubscribe,
  kPing,
};

// An answer with the request that it is for.
struct Answered {
  RequestType type = RequestType::kPing;
  int64_t id = 0;
  std::string stream_id;  // that the request named
  Answer answer;
};
using ControlEvent = std::variant<std::monostate, Answered, Notification>;

class ControlChannel {
 public:
  // Unanswered requests; the gateway takes 50 a second and saves up 500.
  static constexpr size_t kMaxPending = 512;
  static constexpr Duration kPingInterval = Duration::Seconds(2);
  // The gateway's messages that may go unacknowledged: half of what it asks for.
  static constexpr int64_t kAckInterval = 16;

  // Each returns the request's id; kLimitExceeded when too many are unanswered.
  Result<int64_t> Join(const JoinParams& params);
  Result<int64_t> Leave();
  Result<int64_t> Publish(const PublishParams& params);
  Result<int64_t> UpdateStream(const std::string& stream_id, bool muted);
  Result<int64_t> Unpublish(const std::string& stream_id);
  Result<int64_t> Subscribe(const std::string& stream_id, const LayerPreference* preference);
  Result<int64_t> UpdateSubscription(const std::string& stream_id,
                                     const LayerPreference& preference);
  Result<int64_t> Unsubscribe(const std::string& stream_id);

  // The connection is gone; requests made meanwhile wait.
  void OnDisconnected();
  // There is a new one: resumes the session if there is one, else writes what waits.
  void OnConnected(Timestamp now);
  // Whether a session was joined that a new connection could resume.
  bool resumable() const { return !resume_token_.empty(); }

  // Whether the gateway has not answered to a resume yet.
  bool resuming() const { return resuming_; }

  // A message of the gateway. Errors are the gateway's faults: the connection is of no use then.
  Result<ControlEvent> Receive(std::string_view text, Timestamp now);
  // Pings; call every 100 ms or so, and at NextDue at the latest.
  void Tick(Timestamp now);
  // The next message to write.
  std::optional<std::string> NextMessage();
  bool has_message() const { return !outgoing_.empty() || ack_due_; }

  std::optional<Duration> round_trip() const { return round_trip_; }
  int64_t last_seq() const { return last_seq_; }

 private:
  struct Pending {
    RequestType type;
    std::string stream_id;
    std::string text;  // to be repeated
  };

  Result<int64_t> Request(RequestType type, const std::string& stream_id, auto&& make_text);
  Result<ControlEvent> OnAnswer(Answer answer, Timestamp now);
  void OnResumed(const Answer& answer);

  int64_t next_id_ = 1;
  std::map<int64_t, Pending> pending_;
  std::deque<std::string> outgoing_;
  bool connected_ = false;
  bool resuming_ = false;
  int64_t last_seq_ = 0;
  int64_t acknowledged_ = 0;
  bool ack_due_ = false;
  std::string resume_token_;
  std::optional<Timestamp> next_ping_;
  std::optional<Duration> round_trip_;
};

}  // namespace ferry::client
