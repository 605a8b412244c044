// One subscriber's view of one published stream: which of its encodings and temporal layers it
// gets, and under which numbers.
//
// SSRC, sequence numbers, picture ids and TL0PICIDX are the subscriber's own; timestamps are the
// publisher's, whose encodings share one clock. The sequence has no gaps but those the publisher's
// network made: what the gateway leaves out on purpose (before the first key frame, layers that are
// not wanted, silence, what was dropped from the queue) is not missed and not asked for again.
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
#include "gateway/sfu/send_queue.h"
#include "gateway/sfu/stream.h"

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

class Subscription final : private OutgoingStream {
 public:
  // Packets kept for retransmission, by count and age: 512 are about 2 s of 2 Mbps video; what is
  // older than a second comes too late to be played.
  static constexpr size_t kVideoCachePackets = 512;
  static constexpr size_t kAudioCachePackets = 64;
  static constexpr Duration kMaxCacheAge = Duration::Millis(1000);
  // The same packet is not sent again more often than this.
  static constexpr Duration kMinResendInterval = Duration::Millis(20);
  // What was lost so often will not get through in time either.
  static constexpr uint8_t kMaxResends = 4;

  // Joins the stream. Video begins with the best that is preferred: a key frame is asked at once.
  Subscription(SfuWorker& worker, SubscriptionRequest request, SubscriberSink& sink,
               const SubscriberNumbers& numbers, Timestamp now);
  // Takes itself out of the stream.
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  // The subscription whose packet this is.
  static Subscription& Of(OutgoingStream& stream) { return static_cast<Subscription&>(stream); }
  OutgoingStream& outgoing() { return *this; }

  // From the publisher. `newest`: none of its encoding came that is newer.
  void Forward(const PacketRef& packet, bool newest, Timestamp now);
  void ForwardReport(const rtp::SenderReport& report, Timestamp now);
  // Destroys this.
  void OnStreamEnded() { sink_.OnStreamEnded(ssrc()); }

  // From the subscriber's queue.
  void OnSent(OutgoingPacket packet, Timestamp now);
  void OnDropped(const VideoDrop& drop, Timestamp now);

  // The subscriber was away: goes on at a key frame, without a gap in the numbers.
  void Restart(Timestamp now);
  // Of video: another encoding is switched to at its next key frame, which is asked for; until
  // then the old one is forwarded.
  void SetLayer(const VideoLayer& layer, Timestamp now);
  void set_preference(const LayerPreference& preference) { request_.preference = preference; }

  // From the subscriber; the number of packets sent again.
  size_t OnNack(const std::vector<uint16_t>& sequence_numbers, Timestamp now);
  void OnPictureLoss(Timestamp now);
  // What was sent under this number, null when it is gone.
  const OutgoingPacket* FindSent(uint16_t sequence_number) const;

  const SubscriptionRequest& request() const { return request_; }
  StreamId key() const { return request_.key; }
  uint32_t ssrc() const { return request_.ssrc; }
  bool video() const { return video_; }
  const StreamFanout& fanout() const { return fanout_; }
  const SubscriberNumbers& numbers() const { return numbers_; }
  const VideoLayer& wanted() const { return wanted_; }
  // Being forwarded; nullopt before the first key frame and while paused.
  std::optional<size_t> encoding() const { return current_; }
  ForwardedLayer forwarded_layer() const;
  bool waiting_for_keyframe() const { return video_ && wanted_.encoding && !current_; }

 private:
  struct Sent {
    OutgoingPacket packet;
    Timestamp first_sent;
    Timestamp last_sent;
    uint8_t resends = 0;
  };

  void ForwardAudio(const PacketRef& packet, Timestamp now);
  void SwitchTo(const MediaPacket& packet);
  // Whether a packet newer than all before is left out for its temporal layer.
  bool LeavesOut(const MediaPacket& packet);
  void Begin(NumberMapper& mapper, const MediaPacket& packet);
  void Send(const PacketRef& packet, const NumberMapper::Offsets& offsets, Timestamp now);
  void RequestKeyframe(Timestamp now);

  SfuWorker& worker_;
  SubscriberSink& sink_;
  SubscriptionRequest request_;
  const bool video_;
  StreamFanout& fanout_;

  VideoLayer wanted_;
  std::optional<size_t> current_;
  uint8_t max_temporal_id_ = VideoLayer::kAllTemporalLayers;  // rises at a layer sync
  // Of each encoding; that of the one before the last switch still places late packets.
  std::array<NumberMapper, kMaxEncodings> mappers_;
  std::optional<uint32_t> left_out_;  // timestamp of a frame that is being left out
  // A key frame switched to may be as old as what was forwarded of the other encoding: its
  // timestamp is moved behind that.
  uint32_t moved_timestamp_ = 0;
  uint32_t moved_to_ = 0;

  SubscriberNumbers numbers_;
  PictureLossLimiter picture_losses_;
  std::vector<Sent> sent_;  // by sequence number modulo its size
};

}  // namespace ferry::gateway
