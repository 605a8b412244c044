// The media of one connection: what it publishes, what it is subscribed to, its RTCP both ways, and
// the queue of what is to be sent of it. Sans-I/O.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/token_bucket.h"
#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "core/transport/arrival_recorder.h"
#include "gateway/base/metrics.h"
#include "gateway/sfu/layer_allocator.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/send_queue.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream.h"
#include "gateway/sfu/subscriber_bandwidth.h"
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

// What moves with a session to another worker. Plain data.
struct MediaState {
  struct Subscribed {
    SubscriptionRequest request;
    SubscriberNumbers numbers;
  };
  uint32_t own_ssrc = 0;
  uint16_t next_transport_sequence = 0;
  std::vector<Publication> publications;
  std::vector<Subscribed> subscriptions;
};

class MediaEndpointListener {
 public:
  virtual ~MediaEndpointListener() = default;
  // Another layer of this stream is being forwarded, or none. Must not change the endpoint.
  virtual void OnLayerChanged(StreamId key, ForwardedLayer layer) = 0;
};

// Belongs to one worker's thread; lives as long as the session is on that worker, with or without a
// connection.
class MediaEndpoint final : public SubscriberSink,
                            public PublisherSink,
                            public SendQueue::Listener {
 public:
  // `own_ssrc` is the sender of the RTCP to this client; as unique as those of its streams.
  MediaEndpoint(const MediaLimits& limits, SfuWorker& worker, MediaEndpointListener& listener,
                uint32_t own_ssrc);
  ~MediaEndpoint() override;

  // From another worker's TakeState.
  static std::unique_ptr<MediaEndpoint> FromState(const MediaLimits& limits, SfuWorker& worker,
                                                  MediaEndpointListener& listener, MediaState state,
                                                  Timestamp now);
  // Leaves nothing behind: the streams published here go on elsewhere, their subscribers stay.
  MediaState TakeState();

  // Without a connection, what is to be sent is dropped; video goes on at a key frame afterwards.
  void Attach(net::Connection& connection, Timestamp now);
  void Suspend();

  // False when the packet is malformed (a fault of the client, not of the network).
  bool OnPacket(ByteSpan packet, Timestamp now);

  // Streams this client publishes. The end of one ends its subscriptions, on all workers.
  void Publish(const Publication& publication);
  void Unpublish(StreamId key);

  // False when the limit is reached. A second subscription to one stream changes nothing.
  bool Subscribe(const SubscriptionRequest& request, Timestamp now);
  void Unsubscribe(StreamId key);
  // Followed at the next Tick.
  void SetLayerPreference(StreamId key, const LayerPreference& preference);
  // The subscription's, nullopt without one.
  std::optional<uint32_t> SubscribedSsrc(StreamId key) const;
  // Out of the room: nothing is published or subscribed any more.
  void Clear();

  // The next frame; the bytes stay until the next call, of any endpoint of the worker.
  bool NextFrame(net::OutgoingFrame& frame, Timestamp now);
  bool stalled(Timestamp now) const { return queue_.stalled(now); }
  size_t queued_bytes() const { return queue_.bytes(); }

  // Periodic work: feedback, reports, requests.
  void Tick(Timestamp now);

  // What the subscriber's way is thought to carry.
  DataRate estimate() const { return bandwidth_.target(); }

  // SubscriberSink, PublisherSink, SendQueue::Listener.
  void SendMedia(OutgoingPacket packet, bool video) override;
  bool SendRetransmission(OutgoingPacket packet) override;
  void SendReport(const rtp::SenderReport& report, Timestamp now) override;
  void OnStreamEnded(uint32_t ssrc) override;
  void OnLayerChanged(const Subscription& subscription) override;
  bool speaks() const override;
  void RequestKeyframe(uint32_t ssrc, Timestamp now) override;
  void RequestPackets(uint32_t ssrc, std::vector<uint16_t> sequence_numbers,
                      Timestamp now) override;
  void OnVideoDropped(const VideoDrop& drop) override;
  void OnAudioDropped() override;

 private:
  static constexpr Duration kFeedbackInterval = Duration::Millis(100);
  static constexpr Duration kReportInterval = Duration::Millis(1000);
  static constexpr Duration kAllocationInterval = Duration::Millis(100);
  // After layers were lowered nothing is raised for so long.
  static constexpr Duration kRaiseDelay = Duration::Millis(2'000);
  // What is raised has to fit with so much to spare.
  static constexpr double kRaiseHeadroom = 1.15;
  // Video packets remembered to be sent again as padding.
  static constexpr size_t kPaddingPackets = 8;

  bool OnRtp(ByteSpan packet, Timestamp now);
  bool OnRtcp(ByteSpan packet, Timestamp now);
  void OnRtcpPart(const rtp::RtcpPacket& part, Timestamp now);
  void SendRtcp(const rtp::RtcpPacket& packet, Timestamp now);
  void SendReceiverReport(Timestamp now);
  // Whether the path does not carry it: publishers on other paths send larger packets.
  bool Oversized(const SendQueue::Item& item);
  void GiveMedia(OutgoingPacket packet, net::OutgoingFrame& frame, Timestamp now);
  void GivePadding(net::OutgoingFrame& frame, Timestamp now);
  // The packet under the subscriber's numbers; with a transport-wide one, if it has one.
  std::optional<uint16_t> Rewrite(const OutgoingPacket& packet, net::OutgoingFrame& frame);
  void Account(std::optional<uint16_t> transport_sequence, bool audio, net::OutgoingFrame& frame,
               Timestamp now);
  void Allocate(Timestamp now);
  void Add(const SubscriptionRequest& request, const SubscriberNumbers& numbers, Timestamp now);
  PublishedStream* FindPublished(uint32_t ssrc, size_t& encoding);
  Subscription* FindSubscription(StreamId key) const;
  Subscription* FindSubscriptionBySsrc(uint32_t ssrc) const;
  void Wake();
  bool held() const { return held_round_ == worker_.wakes().round(); }
  bool sending() const { return connection_ != nullptr; }

  const MediaLimits limits_;
  SfuWorker& worker_;
  Metrics& metrics_;
  MediaEndpointListener& listener_;
  const uint32_t own_ssrc_;  // sender of our RTCP
  net::Connection* connection_ = nullptr;
  SendQueue queue_;
  SubscriberBandwidth bandwidth_;
  // The transport was woken and has not taken all since.
  std::optional<Timestamp> waiting_since_;
  uint64_t held_round_ = 0;  // of the wake scheduler, in which video waits for the pacer

  std::vector<std::unique_ptr<PublishedStream>> published_;
  std::vector<std::unique_ptr<Subscription>> subscriptions_;
  std::vector<VideoDemand>
      demands_;           // of the last allocation, by subscription; kept for its memory
  DataRate wanted_rate_;  // by those
  transport::ArrivalRecorder arrivals_;
  TokenBucket publish_bits_;
  TokenBucket publish_packets_;
  std::optional<Timestamp> last_feedback_;
  std::optional<Timestamp> last_report_;
  std::optional<Timestamp> last_allocation_;
  bool allocation_due_ = false;  // what is wanted has changed since
  std::optional<Timestamp> last_lowered_;
  uint16_t next_transport_sequence_ = 0;
  Timestamp now_;  // of the call being handled, for what the queue tells back

  // What was sent last of video: probes repeat it when there is nothing else to send.
  struct Repeatable {
    Subscription* subscription = nullptr;
    uint16_t sequence_number = 0;
  };
  std::array<Repeatable, kPaddingPackets> recent_;
  size_t next_recent_ = 0;

  SendQueue::Rtcp frame_rtcp_;  // the last given out
};

}  // namespace ferry::gateway
