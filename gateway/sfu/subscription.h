// One subscriber's view of one published stream: which of its encodings and temporal layers it
// gets, under which numbers, and what it may have again. All rewriting of packets is here.
//
// SSRC, sequence numbers, picture ids and TL0PICIDX are the subscriber's own; timestamps are the
// publisher's, whose encodings share one clock. The sequence has no gaps but those the publisher's
// network made: what the gateway leaves out on purpose (before the first key frame, layers that are
// not wanted, silence, what was dropped from the queue) is not missed and not asked for again.
// Picture ids of VP8 have no gaps either (RFC 7741 §4.2: a running index of the frames). Those of
// VP9 keep their distances between one switch and the next, for P_DIFF and the index within a
// picture group are told by them (RFC 9628 §4.2).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "gateway/sfu/number_mapper.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/picture_loss_limiter.h"
#include "gateway/sfu/retransmission_cache.h"
#include "gateway/sfu/send_queue.h"
#include "gateway/sfu/stream.h"
#include "gateway/sfu/stream_consumer.h"
#include "gateway/sfu/timestamp_shift.h"

namespace ferry::gateway {

class SfuWorker;
class StreamFanout;
class Subscription;

// The subscriber's side: where forwarded packets go.
class SubscriberSink {
 public:
  virtual ~SubscriberSink() = default;
  virtual void SendMedia(OutgoingPacket packet, bool video) = 0;
  // False when more may not be sent again for now.
  virtual bool SendRetransmission(OutgoingPacket packet) = 0;
  // To the subscriber and back.
  virtual Duration round_trip() const = 0;
  virtual void SendReport(const rtp::SenderReport& report, Timestamp now) = 0;
  // The stream is gone; the subscription is to be destroyed now.
  virtual void OnStreamEnded(uint32_t ssrc) = 0;
  virtual void OnLayerChanged(const Subscription& subscription) = 0;
  // Whether the subscriber's own voice is among the loudest of its room.
  virtual bool speaks() const = 0;
};

// What of a video stream is to be forwarded.
struct VideoLayer {
  std::optional<size_t> encoding;  // nullopt: nothing
  uint8_t max_temporal_id = kAllTemporalLayers;
  static constexpr uint8_t kAllTemporalLayers = 7;
  bool operator==(const VideoLayer&) const = default;
};

// Where a subscriber's numbers go on, should it be built anew elsewhere.
struct SubscriberNumbers {
  uint16_t next_sequence = 0;
  PictureNumbers next_picture;
  bool started = false;           // something was forwarded
  uint32_t newest_timestamp = 0;  // of RTP, of what was forwarded
  uint32_t packets_sent = 0;
  uint32_t octets_sent = 0;
};

class Subscription final : public StreamConsumer, private OutgoingStream {
 public:
  // Packets kept for retransmission: 512 are about 2 s of 2 Mbps video.
  static constexpr size_t kVideoCachePackets = 512;
  static constexpr size_t kAudioCachePackets = 64;
  // The same packet is not sent again more often than this; what was sent again is under way for a
  // round trip.
  static constexpr Duration kMinResendInterval = Duration::Millis(20);
  // What was lost so often will not get through in time either.
  static constexpr uint8_t kMaxResends = 10;

  // Joins the stream. Video begins with the best that is preferred: a key frame is asked at once.
  Subscription(SfuWorker& worker, SubscriptionRequest request, SubscriberSink& sink,
               const SubscriberNumbers& numbers, Timestamp now);

  OutgoingStream& outgoing() { return *this; }

  // StreamConsumer.
  void OnPacket(const PacketRef& packet, bool newest, Timestamp now) override;
  void OnSenderReport(const rtp::SenderReport& report, Timestamp now) override;
  // Destroys this.
  void OnStreamEnded() override { sink_.OnStreamEnded(ssrc()); }
  std::optional<size_t> awaited_keyframe() const override {
    return current_ == wanted_.encoding ? std::nullopt : wanted_.encoding;
  }

  // OutgoingStream, for the subscriber's queue.
  bool video() const override { return video_; }
  void OnDropped(const VideoDrop& drop, Timestamp now) override;
  void Renumber(OutgoingPacket& waiting) const override;
  Written Write(const OutgoingPacket& packet, uint16_t transport_sequence,
                MutableByteSpan out) const override;
  void OnSent(OutgoingPacket packet, Timestamp now) override;
  std::optional<OutgoingPacket> FindSent(uint16_t sequence_number) const override;

  // The subscriber was away: goes on at a key frame, without a gap in the numbers.
  void Restart(Timestamp now);
  // Of video: another encoding is switched to at its next key frame, which is asked for; until
  // then the old one is forwarded.
  void SetLayer(const VideoLayer& layer, Timestamp now);
  void set_preference(const LayerPreference& preference) { request_.preference = preference; }

  // From the subscriber; the number of packets sent again.
  size_t OnNack(const std::vector<uint16_t>& sequence_numbers, Timestamp now);
  void OnPictureLoss(Timestamp now);

  const SubscriptionRequest& request() const { return request_; }
  StreamId key() const { return request_.key; }
  using OutgoingStream::ssrc;
  const StreamFanout& fanout() const { return attachment_.fanout(); }
  const SubscriberNumbers& numbers() const { return numbers_; }
  const VideoLayer& wanted() const { return wanted_; }
  // Being forwarded; nullopt before the first key frame and while paused.
  std::optional<size_t> encoding() const { return current_; }
  ForwardedLayer forwarded_layer() const;
  bool waiting_for_keyframe() const { return video_ && wanted_.encoding && !current_; }

 private:
  void ForwardAudio(const PacketRef& packet, Timestamp now);
  bool Audible() const;
  void SwitchTo(const MediaPacket& packet);
  // Whether a packet newer than all before is left out for its temporal layer.
  bool LeavesOut(const MediaPacket& packet);
  void Begin(NumberMapper& mapper, const MediaPacket& packet);
  void Send(const PacketRef& packet, const NumberMapper::Offsets& offsets, Timestamp now);
  OutgoingPacket Again(const RetransmissionCache::Entry& sent) const;
  void RequestKeyframe(Timestamp now);

  // What each packet needs stands together: of a hundred subscriptions nothing stays in the nearest
  // cache from one packet to the next.
  SubscriberSink& sink_;
  const bool video_;
  const bool closes_picture_gaps_;                            // where frames are left out
  uint8_t max_temporal_id_ = VideoLayer::kAllTemporalLayers;  // rises at a layer sync
  uint16_t lowered_by_ = 0;                                   // what waits, in the last drop
  std::optional<uint32_t> left_out_;  // timestamp of a frame that is being left out
  std::optional<size_t> current_;
  VideoLayer wanted_;
  SubscriberNumbers numbers_;
  std::array<TimestampShift, kMaxEncodings> timestamps_;
  // Of each encoding; those of the one before the last switch still place late packets.
  std::array<NumberMapper, kMaxEncodings> mappers_;

  RetransmissionCache sent_;
  PictureLossLimiter picture_losses_;
  SubscriptionRequest request_;
  // The last: it ends first, and nothing is forwarded any more.
  StreamAttachment attachment_;
};

}  // namespace ferry::gateway
