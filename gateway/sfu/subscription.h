// One subscriber's view of one published stream: which packets it gets and under which numbers.
//
// SSRC and sequence numbers are the subscriber's own; timestamps are the publisher's. The sequence
// has no gaps but those the publisher's network made: what the gateway leaves out on purpose
// (before the first key frame, or dropped from the queue) is not missed and not asked for again.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/send_queue.h"
#include "gateway/sfu/stream.h"

namespace ferry::gateway {

class SfuWorker;
class StreamFanout;

// The subscriber's side: where forwarded packets go.
class SubscriberSink {
 public:
  virtual ~SubscriberSink() = default;
  virtual void SendMedia(OutgoingPacket packet, bool video) = 0;
  virtual void SendRetransmission(OutgoingPacket packet) = 0;
  virtual void SendReport(const rtp::SenderReport& report, Timestamp now) = 0;
  // The stream is gone; the subscription is to be destroyed now.
  virtual void OnStreamEnded(uint32_t ssrc) = 0;
};

class Subscription {
 public:
  // Packets kept for retransmission, by count and age: 512 are about 2 s of 2 Mbps video; what is
  // older than a second comes too late to be played.
  static constexpr size_t kVideoCachePackets = 512;
  static constexpr size_t kAudioCachePackets = 64;
  static constexpr Duration kMaxCacheAge = Duration::Millis(1000);
  // The same packet is not sent again more often than this.
  static constexpr Duration kMinResendInterval = Duration::Millis(20);

  // Joins the stream; of video a key frame is asked for at once.
  Subscription(SfuWorker& worker, SubscriptionRequest request, SubscriberSink& sink,
               uint16_t first_sequence, Timestamp now);
  // Takes itself out of the stream.
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  // From the publisher.
  void Forward(const PacketRef& packet, Timestamp now);
  void ForwardReport(const rtp::SenderReport& report, Timestamp now);
  // Destroys this.
  void OnStreamEnded() { sink_.OnStreamEnded(ssrc()); }

  // From the subscriber's queue.
  void OnSent(const OutgoingPacket& packet, Timestamp now);
  void OnDropped(const VideoDrop& drop, Timestamp now);

  // The subscriber was away: goes on at a key frame, without a gap in the numbers.
  void Restart(Timestamp now);

  // From the subscriber; the number of packets sent again.
  size_t OnNack(const std::vector<uint16_t>& sequence_numbers, Timestamp now);
  void OnPictureLoss(Timestamp now);

  const SubscriptionRequest& request() const { return request_; }
  StreamKey key() const { return request_.key; }
  uint32_t ssrc() const { return request_.ssrc; }
  // Ours: one after the newest given.
  uint16_t next_sequence() const { return next_sequence_; }
  bool waiting_for_keyframe() const { return video_ && !synchronized_; }

 private:
  struct Sent {
    PacketRef packet;
    uint16_t sequence_number = 0;
    Timestamp first_sent;
    Timestamp last_sent;
  };

  SfuWorker& worker_;
  SubscriberSink& sink_;
  const SubscriptionRequest request_;
  const bool video_;
  StreamFanout& fanout_;

  // Forwarding is under way; offset_ maps the publisher's sequence numbers to ours since
  // sync_sequence_ (the publisher's), the packet it began with; packets before that have no number.
  bool synchronized_ = false;
  uint16_t offset_ = 0;
  uint16_t sync_sequence_ = 0;
  uint16_t next_sequence_;

  std::vector<Sent> sent_;  // by sequence number modulo its size
  uint32_t packets_sent_ = 0;
  uint32_t octets_sent_ = 0;
};

}  // namespace ferry::gateway
