// One client from the opened connection to its end: join, the requests of docs/protocol.md §2.1,
// limits on what it sends, and leaving. Sans-I/O: driven by its connection and by Tick.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>

#include "core/base/units.h"
#include "gateway/app/clock.h"
#include "gateway/app/metrics.h"
#include "gateway/room/room_registry.h"
#include "gateway/session/app_directory.h"
#include "gateway/session/media_endpoint.h"
#include "gateway/session/token_bucket.h"
#include "net/connection.h"

namespace spdlog {
class logger;
}

namespace ferry::gateway {

struct SessionLimits {
  MediaLimits media;
  Duration join_timeout = Duration::Millis(10'000);
  Duration idle_timeout = Duration::Millis(15'000);
  int64_t max_messages_per_second = 50;
  int64_t message_burst = 500;  // a user of a full room subscribes to all at once
  // Malformed or refused for rate; one is forgiven each second. More end the connection.
  int64_t max_faults = 20;
  int64_t usersig_expiry_skew_s = 60;
};

// What all sessions of one worker share; outlives them.
struct SessionContext {
  const Clock& clock;
  const AppDirectory& apps;
  const SessionLimits& limits;
  RoomRegistry& rooms;
  SfuWorker& sfu;
  Metrics& metrics;
  spdlog::logger& log;
  std::mt19937_64& random;
  std::set<class Session*>& sessions;  // all that live
  bool& draining;                      // no more joins
  StreamKey& next_stream;
};

class Session final : public net::ConnectionHandler,
                      public RoomMember,
                      public MediaEndpointListener {
 public:
  Session(SessionContext& context, net::Connection& connection);
  ~Session() override;

  // net::ConnectionHandler.
  void OnControl(std::string_view message) override;
  void OnMedia(ByteSpan packet) override;
  bool NextFrame(net::OutgoingFrame& frame) override;
  void OnClosed(const net::ConnectionEnd& end) override;

  // RoomMember.
  void Notify(const SharedText& message) override;
  void Evict(std::string_view reason) override;

  // MediaEndpointListener.
  void OnLayerChanged(StreamKey, ForwardedLayer) override {}

  // Deadlines and periodic reports; to be called every 20 to 50 ms.
  void Tick(Timestamp now);
  // The gateway goes away: tells the client, then closes.
  void Shutdown();
  // The gateway waits no longer.
  void Abort() { connection_.Abort(); }

  size_t queued_bytes() const { return media_.queued_bytes(); }

 private:
  // An answer's text, or why there is none.
  using Answer = std::expected<std::string, Refusal>;

  Answer Handle(int64_t id, const JoinRequest& join);
  Answer Handle(int64_t id, const ResumeRequest& resume);
  Answer Handle(int64_t id, const UpdateSubscriptionRequest& update);
  Answer Handle(int64_t id, const AckRequest& ack);
  Answer Handle(int64_t id, const LeaveRequest& leave);
  Answer Handle(int64_t id, const PublishRequest& publish);
  Answer Handle(int64_t id, const UpdateStreamRequest& update);
  Answer Handle(int64_t id, const UnpublishRequest& unpublish);
  Answer Handle(int64_t id, const SubscribeRequest& subscribe);
  Answer Handle(int64_t id, const UnsubscribeRequest& unsubscribe);
  Answer Handle(int64_t id, const PingRequest& ping);

  std::expected<void, Refusal> Authenticate(const JoinRequest& join) const;
  Timestamp Now() const { return context_.clock.Now(); }
  void Send(std::string message);
  // Sends the error; counts it as a fault when `fault`, too many of which end the connection.
  void Refuse(const Refusal& refusal, bool fault);
  void LeaveRoom(LeaveReason reason);
  void Close(CloseCode code, std::string_view reason);

  SessionContext& context_;
  net::Connection& connection_;
  const std::string session_id_;
  uint32_t next_ssrc_;  // SSRCs this connection sees, both ways
  MediaEndpoint media_;
  Room* room_ = nullptr;
  std::string user_id_;
  bool closing_ = false;
  TokenBucket messages_;
  TokenBucket faults_;
  Timestamp opened_;
  Timestamp last_heard_;
};

}  // namespace ferry::gateway
