// One client of the load generator: joins, publishes synthetic media, subscribes and checks.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "client/load/load_plan.h"
#include "client/load/load_stats.h"
#include "client/load/packet_queue.h"
#include "client/load/stream_checker.h"
#include "client/load/synthetic_stream.h"
#include "client/session.h"
#include "core/transport/arrival_recorder.h"

namespace ferry::client {

class LoadClient final : private MediaPort, private SessionListener {
 public:
  // Between two calls of TickControl.
  static constexpr Duration kControlInterval = Duration::Millis(100);

  LoadClient(ClientPlan client, const LoadPlan& plan, const Clock& clock, LoadStats& stats);

  // The attempt to connect begins.
  void Begin();
  std::unique_ptr<net::ConnectionHandler> NewHandler(net::Connection& connection);
  void OnConnectFailed(const std::string& reason);
  // The transport that it is to move to now, if any; the attempt begins.
  std::optional<net::TransportKind> TakeMove(Timestamp now);
  // Neither still to come, nor joined.
  bool failed() const { return failed_; }
  bool joined() const { return joined_; }
  bool finished() const { return failed_ || session_.ended(); }

  // Makes the media that is due.
  void TickMedia(Timestamp now);
  // Reports, feedback, requests for what is missing, pings.
  void TickControl(Timestamp now);
  // A second of the measured time has passed.
  void TickSecond();

  // Begins the measured time.
  void Restart();
  void StopPublishing() { publishing_ = false; }
  // Ends the measured time.
  void Finish();
  void Leave() { session_.Leave(); }

 private:
  // Of a session whose round trip is not known yet.
  static constexpr Duration kDefaultRoundTrip = Duration::Millis(50);
  // A session that has not resumed by then has failed.
  static constexpr Duration kMoveTimeout = Duration::Seconds(10);
  static constexpr size_t kMaxReportBlocks = 31;  // RFC 3550 §6.4.1

  Duration RoundTrip() const { return session_.round_trip().value_or(kDefaultRoundTrip); }

  void OnPacket(ByteSpan packet, Timestamp now) override;
  ByteSpan NextPacket(Timestamp now) override;

  void OnJoined(const std::vector<RemoteUser>& users) override;
  void OnPublished(const Published& published) override;
  void OnSubscribed(const std::string& stream_id, uint32_t ssrc) override;
  void OnRequestFailed(RequestType type, const std::string& stream_id,
                       const RequestError& error) override;
  void OnNotification(const Notification& notification) override;
  void OnConnectionLost(const net::ConnectionEnd& end) override;
  void OnResumed() override;
  void OnEnded(const SessionEnd& end) override;

  void Fail(const std::string& reason);
  void TellMove();
  void Subscribe(const RemoteStream& stream);
  void Publish(MediaKind kind);
  void OnRtcp(ByteSpan packet, Timestamp now);
  void Send(const rtp::RtcpPacket& packet);
  void SendReports(Timestamp now);
  SyntheticStream* FindStream(uint32_t ssrc);
  uint32_t StampStream(int encoding) const;

  const ClientPlan client_;
  const LoadPlan& plan_;
  const Clock& clock_;
  LoadStats& stats_;
  Session session_;
  PacketQueue queue_;
  bool popped_ = true;  // the queue's front has been handed out
  uint16_t transport_sequence_ = 0;

  Timestamp began_;  // to connect, at first or for a move
  bool moving_ = false;
  std::optional<Timestamp> next_move_;
  bool joined_ = false;
  bool failed_ = false;
  bool publishing_ = true;

  std::unordered_map<int64_t, MediaKind> publish_requests_;
  std::vector<SyntheticStream> audio_;                 // at most one
  std::vector<SyntheticStream> video_;                 // its encodings
  std::unordered_map<std::string, MediaKind> wanted_;  // by stream, subscribed or about to be
  int audio_wanted_ = 0;
  int video_wanted_ = 0;
  std::unordered_map<uint32_t, StreamChecker> checkers_;  // by SSRC
  StreamChecker* last_checker_ = nullptr;                 // packets come in runs
  transport::ArrivalRecorder arrivals_;
  Timestamp next_report_;
  std::vector<uint8_t> rtcp_;  // scratch
};

}  // namespace ferry::client
