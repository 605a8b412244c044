// One client's connection from its opening to its end: join or resume, the requests of
// docs/protocol.md §2.1, and the limits on what it sends. The session it carries outlives it.
// Sans-I/O: driven by its connection, its worker and Tick.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/units.h"
#include "gateway/net/connection_budget.h"
#include "gateway/session/directory.h"
#include "gateway/session/session.h"
#include "gateway/session/session_worker.h"
#include "net/connection.h"

namespace ferry::gateway {

class SessionConnection final : public net::ConnectionHandler {
 public:
  // Messages that arrive before it is known whether the client may enter here, and while the
  // session's media moves here from another worker: a client that does not wait for its answer is a
  // fault.
  static constexpr size_t kMaxEarlyMessages = 64;
  // How often a client is told that its address says too much: telling costs as much as listening.
  static constexpr Duration kAddressRefusalInterval = Duration::Millis(1000);

  SessionConnection(SessionWorker& worker, net::Connection& connection);
  ~SessionConnection() override;

  // net::ConnectionHandler.
  void OnControl(std::string_view message) override;
  void OnMedia(ByteSpan packet) override;
  bool NextFrame(net::OutgoingFrame& frame) override;
  void OnClosed(const net::ConnectionEnd& end) override;

  void Tick(Timestamp now);
  // The gateway goes away: tells the client, then closes.
  void Shutdown();
  void Abort() { connection_.Abort(); }
  void Wake() { connection_.Wake(); }

  // Unique on its worker.
  uint64_t number() const { return number_; }
  // With the session's shard locked, on the connection's thread: what its log has to say now waits
  // here. So nothing is locked when the transport asks for the next frame.
  void TakeLog(bool all = false);

  // From SessionWorker::Process.
  bool waits_for_media() const { return session_ && endpoint_ == nullptr && !closing_; }
  // `last_request`: of the session, for the answer to `resume`.
  void TakeMedia(MediaEndpoint& endpoint, int64_t last_request);
  void OnSessionEnded(const Session::Ending& ending);
  void OnMoved();
  // What arrived before the media did.
  void HandleEarly();

 private:
  // What a request was carried out with.
  struct Carried {
    Carried() = default;
    Carried(std::string text, std::string logged = {})
        : answer(std::move(text)), event(std::move(logged)) {}
    std::string answer;
    std::string event;  // for the log, if anything
    std::optional<StreamId> unpublished;
  };
  using Answer = std::expected<Carried, Refusal>;
  // A control message that waits to be written.
  struct Outgoing {
    ControlMessage message;
    std::optional<uint64_t> seq;  // of a session's
    bool offers_token = false;    // the answer to `resume`
  };
  // An answer to `resume` that waits for the session's media.
  struct Resuming {
    int64_t id;
    std::string token;
  };

  // With what a user who may enter does.
  struct Admission {
    Permissions permissions;
    Directory::Lease lease;
  };

  // Of the session as soon as there is one.
  bool TakeMessage(Timestamp now);
  bool TakeFault(Timestamp now);
  // False when it has said too much, or all clients of its address together.
  bool AdmitMessage(size_t bytes, Timestamp now);
  void ConfirmToken();
  void Handle(std::string_view message);
  // Neither in a session nor without: what the client says waits.
  bool entering() const { return consulting_ || resuming_; }
  // False when the session has handled a request of this id before.
  bool Accept(int64_t id);
  void Acknowledge(uint64_t seq);
  // (session_entry.cc)
  void Join(int64_t id, const JoinRequest& join);
  void Resume(int64_t id, const ResumeRequest& resume);
  void Enter(int64_t id, const JoinRequest& join, std::expected<Admission, Refusal> admitted);
  void TakeUp(int64_t id, const ResumeRequest& resume, const Directory::Verdict& verdict);
  // Asks the directory, and goes on by `then` when it has answered, unless the connection has
  // ended.
  void Consult(const std::function<void(Directory::Answer)>& ask,
               std::function<void(SessionConnection&, Directory::Verdict)> then);
  void OnVerdict(const std::function<void(SessionConnection&, Directory::Verdict)>& then,
                 Directory::Verdict verdict);
  // The application that is to be entered, which serves at all.
  std::expected<AppPolicy, Refusal> FindApplication(const JoinRequest& join) const;
  // What the user may do here.
  std::expected<Permissions, Refusal> Authenticate(const JoinRequest& join) const;
  // What only a session may ask; with its shard locked. (session_requests.cc)
  Answer Carry(int64_t id, const LeaveRequest& leave);
  Answer Carry(int64_t id, const PublishRequest& publish);
  Answer Carry(int64_t id, const UpdateStreamRequest& update);
  Answer Carry(int64_t id, const UnpublishRequest& unpublish);
  Answer Carry(int64_t id, const SubscribeRequest& subscribe);
  Answer Carry(int64_t id, const UpdateSubscriptionRequest& update);
  Answer Carry(int64_t id, const UnsubscribeRequest& unsubscribe);
  template <typename T>
  void InSession(int64_t id, const T& request);

  const SessionContext& context() const { return worker_.context(); }
  ControlPlane& control() const { return worker_.context().control; }
  Metrics& metrics() const { return worker_.metrics(); }
  Timestamp Now() const { return context().clock.Now(); }
  ResumeOffer Offer(std::string token) const;
  Session::Place Here() { return {worker_.index(), this, address_}; }
  // With its shard locked: the session goes on here.
  bool current() const { return session_ && session_->connection() == this; }

  // Beside the session's log: before there is a session, and what is not to be repeated.
  void SendDirectly(std::string message, bool offers_token = false);
  // Numbered when there is a session. Too many faults end it.
  void Refuse(const Refusal& refusal);
  void RefuseAndClose(const Refusal& refusal, CloseCode code);
  void Misbehaved();
  void DetachMedia();
  void Close(CloseCode code, std::string_view reason);

  SessionWorker& worker_;
  const uint64_t number_;
  net::Connection& connection_;
  const AddressKey address_;
  std::optional<ConnectionBudget::Place> entering_;  // until there is a session
  std::shared_ptr<Session> session_;
  MediaEndpoint* endpoint_ = nullptr;  // the session's, while this is its connection
  bool consulting_ = false;            // the directory
  std::optional<Resuming> resuming_;
  std::deque<std::string> early_;
  bool closing_ = false;
  ControlBudget budget_;                      // until there is a session
  std::optional<Timestamp> address_refused_;  // when that was told last
  const Timestamp opened_;
  Timestamp last_heard_;

  // The answer to `resume` was written, and nothing has shown yet that the client has read it.
  bool token_offered_ = false;

  std::deque<Outgoing> outbox_;
  size_t direct_bytes_ = 0;                       // of those that are of no session's log
  std::optional<Timestamp> control_waits_since_;  // and nothing was taken
  std::string frame_text_;                        // last given out
};

}  // namespace ferry::gateway
