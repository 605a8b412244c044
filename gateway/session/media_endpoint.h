// The media of one connection: what it publishes, what it is subscribed to, its RTCP both ways, and
// the queue of everything that is to be sent to it. Sans-I/O.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "core/transport/arrival_recorder.h"
#include "gateway/app/metrics.h"
#include "gateway/session/token_bucket.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/send_queue.h"
#include "gateway/sfu/subscription.h"
#include "net/connection.h"

namespace ferry::gateway {

struct MediaLimits {
  SendQueue::Limits queue;
  size_t max_subscriptions = 400;
  // Of one publisher, all its streams and RTCP together; far above what the SDK ever sends.
  DataRate max_publish_rate = DataRate::KilobitsPerSec(20'000);
  int64_t max_publish_packets_per_second = 5'000;
};

class MediaEndpoint final : public SubscriberSink,
                            public PublisherSink,
                            public SendQueue::Listener {
 public:
  // `wake` is told when there is something to send. `first_ssrc` begins the SSRCs this connection
  // sees, both ways.
  MediaEndpoint(const MediaLimits& limits, PacketPool& pool, Metrics& metrics,
                net::Connection& connection, uint32_t first_ssrc);
  ~MediaEndpoint() override;

  // False when the packet is malformed (a fault of the client, not of the network).
  bool OnPacket(ByteSpan packet, Timestamp now);

  // Streams this client publishes; they belong to the room.
  uint32_t NewSsrc() { return next_ssrc_++; }
  void AddPublished(PublishedStream& stream);
  void RemovePublished(uint32_t ssrc);

  // nullptr when the limit is reached. A second subscription to one stream is the first.
  Subscription* Subscribe(PublishedStream& stream, Timestamp now);
  // False when it was not subscribed.
  bool Unsubscribe(const PublishedStream& stream);
  // Out of the room: nothing is published or subscribed any more.
  void Clear();

  [[nodiscard]] bool SendControl(SharedText text, Timestamp now);
  // The next frame; the bytes stay until the next call.
  bool NextFrame(net::OutgoingFrame& frame, Timestamp now);
  // Nothing but control messages from now on.
  void StopMedia();
  bool stalled(Timestamp now) const { return queue_.stalled(now); }
  size_t queued_bytes() const { return queue_.bytes(); }

  // Periodic work: feedback, reports, requests.
  void Tick(Timestamp now);

  // SubscriberSink, PublisherSink, SendQueue::Listener.
  void SendMedia(OutgoingPacket packet, bool video) override;
  void SendRetransmission(OutgoingPacket packet) override;
  void SendReport(const rtp::SenderReport& report, Timestamp now) override;
  void OnStreamEnded(uint32_t ssrc) override;
  void RequestKeyframe(uint32_t ssrc, Timestamp now) override;
  void RequestPackets(uint32_t ssrc, std::vector<uint16_t> sequence_numbers,
                      Timestamp now) override;
  void OnVideoDropped(const VideoDrop& drop) override;
  void OnAudioDropped(uint32_t ssrc) override;

 private:
  static constexpr Duration kFeedbackInterval = Duration::Millis(100);
  static constexpr Duration kReportInterval = Duration::Millis(1000);

  bool OnRtp(ByteSpan packet, Timestamp now);
  bool OnRtcp(ByteSpan packet, Timestamp now);
  void OnRtcpPart(const rtp::RtcpPacket& part, Timestamp now);
  void SendRtcp(const rtp::RtcpPacket& packet, Timestamp now);
  void SendReceiverReport(Timestamp now);
  ByteSpan Rewrite(const OutgoingPacket& packet);

  const MediaLimits limits_;
  PacketPool& pool_;
  Metrics& metrics_;
  net::Connection& connection_;
  const uint32_t own_ssrc_;  // sender of our RTCP
  uint32_t next_ssrc_;
  SendQueue queue_;
  bool media_stopped_ = false;

  std::unordered_map<uint32_t, PublishedStream*> published_;
  std::unordered_map<uint32_t, std::unique_ptr<Subscription>> subscriptions_;
  transport::ArrivalRecorder arrivals_;
  TokenBucket publish_bits_;
  TokenBucket publish_packets_;
  std::optional<Timestamp> last_feedback_;
  std::optional<Timestamp> last_report_;
  uint16_t next_transport_sequence_ = 0;
  Timestamp now_;  // of the call being handled, for what the queue tells back

  // The frame last given out.
  SharedText frame_text_;
  SendQueue::Rtcp frame_rtcp_;
  std::array<uint8_t, rtp::kMaxReceivedPacketSize> frame_packet_;
};

}  // namespace ferry::gateway
