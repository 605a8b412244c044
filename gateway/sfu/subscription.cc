#include "gateway/sfu/subscription.h"

#include <utility>

#include "core/base/sequence_number.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream_fanout.h"

namespace ferry::gateway {

Subscription::Subscription(SfuWorker& worker, SubscriptionRequest request, SubscriberSink& sink,
                           uint16_t first_sequence, Timestamp now)
    : worker_(worker),
      sink_(sink),
      request_(std::move(request)),
      video_(request_.info.kind == MediaKind::kVideo),
      fanout_(worker.Join(request_, *this)),
      next_sequence_(first_sequence),
      sent_(video_ ? kVideoCachePackets : kAudioCachePackets) {
  // The mapping of timestamps to capture time stays true: the newcomer needs it for its first
  // packet.
  if (fanout_.last_report()) ForwardReport(*fanout_.last_report(), now);
  if (video_) fanout_.RequestKeyframe(0, now);
}

Subscription::~Subscription() { worker_.Leave(fanout_, *this); }

void Subscription::Forward(const PacketRef& packet, Timestamp now) {
  if (!synchronized_) {
    if (video_ && !packet->starts_keyframe) return;
    synchronized_ = true;
    sync_sequence_ = packet->sequence_number;
    offset_ = static_cast<uint16_t>(next_sequence_ - packet->sequence_number);
  } else if (IsNewer(sync_sequence_, packet->sequence_number)) {
    return;  // late, of before the key frame we began with: our numbers have no place for it
  }
  // The floor follows at a distance, or half a circle later new packets would look old.
  constexpr uint16_t kMaxFloorDistance = 0x4000;
  if (static_cast<uint16_t>(packet->sequence_number - sync_sequence_) > kMaxFloorDistance) {
    sync_sequence_ = static_cast<uint16_t>(packet->sequence_number - kMaxFloorDistance / 2);
  }
  const auto sequence = static_cast<uint16_t>(packet->sequence_number + offset_);
  if (!IsNewer(next_sequence_, sequence)) next_sequence_ = static_cast<uint16_t>(sequence + 1);
  sink_.SendMedia({.packet = packet, .ssrc = ssrc(), .sequence_number = sequence, .enqueued = now},
                  video_);
}

void Subscription::ForwardReport(const rtp::SenderReport& report, Timestamp now) {
  rtp::SenderReport own;
  own.sender_ssrc = ssrc();
  own.ntp_time = report.ntp_time;
  own.rtp_timestamp = report.rtp_timestamp;
  own.packet_count = packets_sent_;
  own.octet_count = octets_sent_;
  sink_.SendReport(own, now);
}

void Subscription::OnSent(const OutgoingPacket& packet, Timestamp now) {
  if (packet.retransmission) return;
  ++packets_sent_;
  octets_sent_ += packet.packet->payload_size;
  sent_[packet.sequence_number % sent_.size()] = {packet.packet, packet.sequence_number, now, now};
}

void Subscription::OnDropped(const VideoDrop& drop, Timestamp now) {
  if (drop.needs_keyframe) {
    synchronized_ = false;
    next_sequence_ = drop.resume_sequence;
    fanout_.RequestKeyframe(0, now);
  } else {
    offset_ = static_cast<uint16_t>(offset_ - drop.renumbered_by);
    next_sequence_ = static_cast<uint16_t>(next_sequence_ - drop.renumbered_by);
    sync_sequence_ = static_cast<uint16_t>(drop.resume_sequence - offset_);
  }
}

void Subscription::Restart(Timestamp now) {
  synchronized_ = false;
  if (video_) fanout_.RequestKeyframe(0, now);
}

size_t Subscription::OnNack(const std::vector<uint16_t>& sequence_numbers, Timestamp now) {
  size_t resent = 0;
  for (const uint16_t sequence : sequence_numbers) {
    Sent& slot = sent_[sequence % sent_.size()];
    if (!slot.packet || slot.sequence_number != sequence) continue;
    if (now - slot.first_sent > kMaxCacheAge || now - slot.last_sent < kMinResendInterval) continue;
    slot.last_sent = now;
    ++resent;
    sink_.SendRetransmission(
        {.packet = slot.packet, .ssrc = ssrc(), .sequence_number = sequence, .enqueued = now});
  }
  return resent;
}

void Subscription::OnPictureLoss(Timestamp now) {
  if (video_) fanout_.RequestKeyframe(0, now);
}

}  // namespace ferry::gateway
