#include "gateway/sfu/subscription.h"

#include <algorithm>
#include <utility>

#include "core/base/sequence_number.h"
#include "gateway/sfu/layer_allocator.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream_fanout.h"

namespace ferry::gateway {
namespace {

constexpr uint16_t kPictureIdMask = 0x7FFF;

}  // namespace

Subscription::Subscription(SfuWorker& worker, SubscriptionRequest request, SubscriberSink& sink,
                           const SubscriberNumbers& numbers, Timestamp now)
    : OutgoingStream{.ssrc = request.ssrc},
      worker_(worker),
      sink_(sink),
      request_(std::move(request)),
      video_(request_.info.kind == MediaKind::kVideo),
      fanout_(worker.Join(request_, *this, now)),
      numbers_(numbers),
      sent_(video_ ? kVideoCachePackets : kAudioCachePackets) {
  // The mapping of timestamps to capture time stays true: the newcomer needs it for its first
  // packet.
  if (fanout_.last_report()) ForwardReport(*fanout_.last_report(), now);
  if (!video_) return;
  wanted_ = BestLayer(fanout_.encodings(), request_.preference);
  RequestKeyframe(now);
}

Subscription::~Subscription() { worker_.Leave(fanout_, *this); }

ForwardedLayer Subscription::forwarded_layer() const {
  if (!current_) return ForwardedLayer::kNone;
  return *current_ == 0 ? ForwardedLayer::kBig : ForwardedLayer::kSmall;
}

void Subscription::RequestKeyframe(Timestamp now) {
  if (wanted_.encoding) fanout_.RequestKeyframe(*wanted_.encoding, now);
}

void Subscription::Begin(NumberMapper& mapper, const MediaPacket& packet) {
  NumberMapper::Offsets offsets{
      .sequence = static_cast<uint16_t>(numbers_.next_sequence - packet.sequence_number)};
  if (std::exchange(numbers_.started, true)) {
    const PictureNumbers& from = packet.facts.numbers;
    const PictureNumbers& to = numbers_.next_picture;
    offsets.picture = {.picture_id = static_cast<uint16_t>(to.picture_id - from.picture_id),
                       .tl0_index = static_cast<uint8_t>(to.tl0_index - from.tl0_index)};
  }
  mapper.Begin(packet.sequence_number, offsets);
}

void Subscription::Forward(const PacketRef& packet, bool newest, Timestamp now) {
  if (!video_) return ForwardAudio(packet, now);
  const size_t encoding = packet->encoding;
  // A key frame whose first packet came late is not begun with here: the rest of it has passed, and
  // the fanout gives it again in order.
  if (wanted_.encoding == encoding && current_ != encoding && newest &&
      packet->facts.starts_keyframe) {
    SwitchTo(*packet);
  }
  NumberMapper& mapper = mappers_[encoding];
  if (!mapper.active()) return;
  const uint16_t sequence = packet->sequence_number;
  if (!IsNewer(sequence, mapper.highest())) {
    // Late: it has the place that was kept for it, or none.
    if (const auto offsets = mapper.Find(sequence)) Send(packet, *offsets, now);
    return;
  }
  if (current_ != encoding) {
    // Long after the switch nothing of the old encoding is late any more.
    if (static_cast<uint16_t>(sequence - mapper.highest()) > kVideoCachePackets) mapper.End();
    return;
  }
  if (LeavesOut(*packet)) {
    const bool same_frame = left_out_ == packet->timestamp;
    left_out_ = packet->timestamp;
    mapper.LeaveOut(sequence, /*frame=*/!same_frame, /*with_missing=*/same_frame);
    return;
  }
  left_out_.reset();
  Send(packet, mapper.Forward(sequence), now);
}

bool Subscription::LeavesOut(const MediaPacket& packet) {
  const PayloadFacts& facts = packet.facts;
  if (left_out_ == packet.timestamp) return true;
  if (!facts.starts_frame)
    return false;  // of a frame that was begun, or whose beginning is missing
  if (wanted_.max_temporal_id < max_temporal_id_) max_temporal_id_ = wanted_.max_temporal_id;
  if (wanted_.max_temporal_id > max_temporal_id_ &&
      (facts.starts_keyframe || (facts.layer_sync && facts.temporal_id == max_temporal_id_ + 1))) {
    // All above a synchronised layer depend on it and on each other alone.
    max_temporal_id_ = wanted_.max_temporal_id;
  }
  return facts.temporal_id > max_temporal_id_;
}

void Subscription::SwitchTo(const MediaPacket& packet) {
  const bool shown_before = numbers_.started;
  Begin(mappers_[packet.encoding], packet);
  current_ = packet.encoding;
  left_out_.reset();
  max_temporal_id_ = wanted_.max_temporal_id;
  moved_timestamp_ = moved_to_ = packet.timestamp;
  if (shown_before && !IsNewer(packet.timestamp, numbers_.newest_timestamp)) {
    moved_to_ = numbers_.newest_timestamp + 1;
  }
  sink_.OnLayerChanged(*this);
}

void Subscription::ForwardAudio(const PacketRef& packet, Timestamp now) {
  NumberMapper& mapper = mappers_[0];
  const uint16_t sequence = packet->sequence_number;
  if (!mapper.active()) {
    if (!fanout_.Audible(sink_)) return;
    Begin(mapper, *packet);
  } else if (!IsNewer(sequence, mapper.highest())) {
    if (const auto offsets = mapper.Find(sequence)) Send(packet, *offsets, now);
    return;
  }
  if (fanout_.Audible(sink_)) {
    Send(packet, mapper.Forward(sequence), now);
  } else {
    mapper.LeaveOut(sequence, /*frame=*/false, /*with_missing=*/true);
  }
}

void Subscription::Send(const PacketRef& packet, const NumberMapper::Offsets& offsets,
                        Timestamp now) {
  const PictureNumbers& from = packet->facts.numbers;
  OutgoingPacket out{
      .packet = packet,
      .stream = this,
      .timestamp = packet->timestamp == moved_timestamp_ && video_ ? moved_to_ : packet->timestamp,
      .sequence_number = static_cast<uint16_t>(packet->sequence_number + offsets.sequence),
      .picture = {static_cast<uint16_t>((from.picture_id + offsets.picture.picture_id) &
                                        kPictureIdMask),
                  static_cast<uint8_t>(from.tl0_index + offsets.picture.tl0_index)},
      .enqueued = now};
  if (!IsNewer(numbers_.next_sequence, out.sequence_number)) {
    numbers_.next_sequence = static_cast<uint16_t>(out.sequence_number + 1);
    numbers_.next_picture = {static_cast<uint16_t>((out.picture.picture_id + 1) & kPictureIdMask),
                             static_cast<uint8_t>(out.picture.tl0_index + 1)};
    numbers_.newest_timestamp = out.timestamp;
  }
  sink_.SendMedia(std::move(out), video_);
}

void Subscription::ForwardReport(const rtp::SenderReport& report, Timestamp now) {
  rtp::SenderReport own;
  own.sender_ssrc = ssrc();
  own.ntp_time = report.ntp_time;
  own.rtp_timestamp = report.rtp_timestamp;
  own.packet_count = numbers_.packets_sent;
  own.octet_count = numbers_.octets_sent;
  sink_.SendReport(own, now);
}

void Subscription::OnSent(OutgoingPacket packet, Timestamp now) {
  if (packet.retransmission) return;
  ++numbers_.packets_sent;
  numbers_.octets_sent += packet.packet->payload_size;
  Sent& slot = sent_[packet.sequence_number % sent_.size()];
  slot.packet = std::move(packet);
  slot.first_sent = slot.last_sent = now;
  slot.resends = 0;
}

const OutgoingPacket* Subscription::FindSent(uint16_t sequence_number) const {
  const OutgoingPacket& packet = sent_[sequence_number % sent_.size()].packet;
  return packet.packet && packet.sequence_number == sequence_number ? &packet : nullptr;
}

void Subscription::OnDropped(const VideoDrop& drop, Timestamp now) {
  if (drop.needs_keyframe) {
    numbers_.next_sequence = drop.resume_sequence;
    Restart(now);
    return;
  }
  numbers_.next_sequence = static_cast<uint16_t>(numbers_.next_sequence - drop.renumbered_by);
  if (!current_) return;
  NumberMapper& mapper = mappers_[*current_];
  // The key frame that was kept is the first under the new numbers.
  const auto first =
      static_cast<uint16_t>(drop.resume_sequence + drop.renumbered_by - mapper.offsets().sequence);
  mapper.LowerBy(first, drop.renumbered_by);
  for (NumberMapper& other : mappers_) {
    if (&other != &mapper) other.End();
  }
}

void Subscription::Restart(Timestamp now) {
  for (NumberMapper& mapper : mappers_) mapper.End();
  current_.reset();
  left_out_.reset();
  RequestKeyframe(now);
}

void Subscription::SetLayer(const VideoLayer& layer, Timestamp now) {
  if (layer == wanted_) return;
  const bool other = layer.encoding != wanted_.encoding;
  wanted_ = layer;
  if (!other) return;
  if (!wanted_.encoding) {
    const bool shown = current_.has_value();
    Restart(now);
    if (shown) sink_.OnLayerChanged(*this);
  } else if (current_ != wanted_.encoding) {
    RequestKeyframe(now);
  }
}

size_t Subscription::OnNack(const std::vector<uint16_t>& sequence_numbers, Timestamp now) {
  size_t resent = 0;
  for (const uint16_t sequence : sequence_numbers) {
    Sent& slot = sent_[sequence % sent_.size()];
    if (!slot.packet.packet || slot.packet.sequence_number != sequence) continue;
    picture_losses_.OnLoss();
    if (now - slot.first_sent > kMaxCacheAge || now - slot.last_sent < kMinResendInterval) continue;
    if (slot.resends >= kMaxResends) continue;
    OutgoingPacket again = slot.packet;
    again.enqueued = now;
    if (!sink_.SendRetransmission(std::move(again))) break;
    slot.last_sent = now;
    ++slot.resends;
    ++resent;
  }
  return resent;
}

void Subscription::OnPictureLoss(Timestamp now) {
  if (video_ && picture_losses_.Take(now)) RequestKeyframe(now);
}

}  // namespace ferry::gateway
