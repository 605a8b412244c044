#include "gateway/sfu/subscription.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/sequence_number.h"
#include "gateway/sfu/layer_allocator.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream_fanout.h"

namespace ferry::gateway {
namespace {

constexpr uint16_t kPictureIdMask = 0x7FFF;

Publication PublicationOf(const SubscriptionRequest& request) {
  return {.key = request.key,
          .info = request.info,
          .encodings = request.encodings,
          .room = request.room};
}

// A packet to which the number was added, as it came; its size, 0 when even so it does not fit.
size_t WriteWithoutNumber(const MediaPacket& source, MutableByteSpan out) {
  if (!source.number_added) return 0;
  const auto header = rtp::ParseRtp(source.bytes().first(source.payload_offset));
  if (!header) return 0;
  rtp::RtpExtensions extensions = header->extensions;
  extensions.transport_sequence_number.reset();
  return rtp::WriteRtp(header->header, extensions, source.bytes().subspan(source.payload_offset),
                       out)
      .value_or(0);
}

}  // namespace

Subscription::Subscription(SfuWorker& worker, SubscriptionRequest request, SubscriberSink& sink,
                           const SubscriberNumbers& numbers, Timestamp now)
    : OutgoingStream(request.ssrc),
      sink_(sink),
      video_(request.info.kind == MediaKind::kVideo),
      closes_picture_gaps_(request.info.codec == Codec::kVp8),
      numbers_(numbers),
      sent_(worker.retransmissions(), video_ ? kVideoCachePackets : kAudioCachePackets),
      request_(std::move(request)),
      attachment_(worker, PublicationOf(request_), request_.origin_worker, *this, now) {
  // The mapping of timestamps to capture time stays true: the newcomer needs it for its first
  // packet.
  if (fanout().last_report()) OnSenderReport(*fanout().last_report(), now);
  if (!video_) return;
  wanted_ = BestLayer(fanout().encodings(), request_.preference);
  RequestKeyframe(now);
}

ForwardedLayer Subscription::forwarded_layer() const {
  if (!current_) return ForwardedLayer::kNone;
  return *current_ == 0 ? ForwardedLayer::kBig : ForwardedLayer::kSmall;
}

void Subscription::RequestKeyframe(Timestamp now) {
  if (wanted_.encoding) attachment_.RequestKeyframe(*wanted_.encoding, now);
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

void Subscription::OnPacket(const PacketRef& packet, bool newest, Timestamp now) {
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
    mapper.LeaveOut(sequence, /*frame=*/closes_picture_gaps_ && !same_frame,
                    /*with_missing=*/same_frame);
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
  if (numbers_.started) {
    timestamps_[packet.encoding].Begin(packet.timestamp, numbers_.newest_timestamp);
  } else {
    timestamps_[packet.encoding].Begin();
  }
  Begin(mappers_[packet.encoding], packet);
  current_ = packet.encoding;
  left_out_.reset();
  max_temporal_id_ = wanted_.max_temporal_id;
  sink_.OnLayerChanged(*this);
}

bool Subscription::Audible() const {
  return fanout().Audible([this] { return sink_.speaks(); });
}

void Subscription::ForwardAudio(const PacketRef& packet, Timestamp now) {
  NumberMapper& mapper = mappers_[0];
  const uint16_t sequence = packet->sequence_number;
  if (!mapper.active()) {
    if (!Audible()) return;
    Begin(mapper, *packet);
  } else if (!IsNewer(sequence, mapper.highest())) {
    if (const auto offsets = mapper.Find(sequence)) Send(packet, *offsets, now);
    return;
  }
  if (Audible()) {
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
      .timestamp = video_ ? timestamps_[packet->encoding].Of(packet->timestamp) : packet->timestamp,
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
    if (video_) timestamps_[packet->encoding].Advance(packet->timestamp);
  }
  sink_.SendMedia(std::move(out), video_);
}

void Subscription::OnSenderReport(const rtp::SenderReport& report, Timestamp now) {
  rtp::SenderReport own;
  own.sender_ssrc = ssrc();
  own.ntp_time = report.ntp_time;
  own.rtp_timestamp = report.rtp_timestamp;
  own.packet_count = numbers_.packets_sent;
  own.octet_count = numbers_.octets_sent;
  sink_.SendReport(own, now);
}

OutgoingStream::Written Subscription::Write(const OutgoingPacket& packet,
                                            uint16_t transport_sequence,
                                            MutableByteSpan out) const {
  const MediaPacket& source = *packet.packet;
  size_t size = source.size;
  const bool numbered = size <= out.size();
  if (numbered) {
    std::memcpy(out.data(), source.data.data(), size);
    rtp::RewriteTransportSequenceNumber(out, source.transport_sequence_offset, transport_sequence);
  } else {
    size = WriteWithoutNumber(source, out);
    if (size == 0) return {};
  }
  rtp::RewriteSsrc(out, ssrc());
  rtp::RewriteSequenceNumber(out, packet.sequence_number);
  rtp::RewriteTimestamp(out, packet.timestamp);
  const PayloadFacts& facts = source.facts;
  const size_t payload = size - (source.size - source.payload_offset);
  if (facts.picture_id_offset != 0) {
    uint8_t* picture_id = out.data() + payload + facts.picture_id_offset;
    picture_id[0] = static_cast<uint8_t>(0x80 | packet.picture.picture_id >> 8);
    picture_id[1] = static_cast<uint8_t>(packet.picture.picture_id);
  }
  if (facts.tl0_index_offset != 0) {
    out[payload + facts.tl0_index_offset] = packet.picture.tl0_index;
  }
  return {.size = size, .numbered = numbered};
}

void Subscription::OnSent(OutgoingPacket packet, Timestamp now) {
  if (packet.retransmission) return;
  ++numbers_.packets_sent;
  numbers_.octets_sent += packet.packet->payload_size;
  sent_.Put(std::move(packet), fanout().consumers().size(), now);
}

OutgoingPacket Subscription::Again(const RetransmissionCache::Entry& sent) const {
  return {.packet = sent.packet,
          .timestamp = sent.timestamp,
          .sequence_number = sent.sequence_number,
          .picture = sent.picture};
}

std::optional<OutgoingPacket> Subscription::FindSent(uint16_t sequence_number) const {
  const auto* entry = sent_.Find(sequence_number);
  return entry != nullptr ? std::optional(Again(*entry)) : std::nullopt;
}

void Subscription::OnDropped(const VideoDrop& drop, Timestamp now) {
  if (!drop.kept_sequence) {
    numbers_.next_sequence = drop.resume_sequence;
    Restart(now);
    return;
  }
  lowered_by_ = static_cast<uint16_t>(*drop.kept_sequence - drop.resume_sequence);
  numbers_.next_sequence = static_cast<uint16_t>(numbers_.next_sequence - lowered_by_);
  if (!current_) return;
  NumberMapper& mapper = mappers_[*current_];
  // The key frame that was kept is the first under the new numbers.
  const auto first = static_cast<uint16_t>(*drop.kept_sequence - mapper.offsets().sequence);
  mapper.LowerBy(first, lowered_by_);
  for (NumberMapper& other : mappers_) {
    if (&other != &mapper) other.End();
  }
}

void Subscription::Renumber(OutgoingPacket& waiting) const {
  waiting.sequence_number = static_cast<uint16_t>(waiting.sequence_number - lowered_by_);
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
    RetransmissionCache::Entry* entry = sent_.Find(sequence);
    if (entry == nullptr) continue;
    picture_losses_.OnLoss();
    if (now - entry->first_sent > RetransmissionCache::kMaxAge || entry->resends >= kMaxResends) {
      continue;
    }
    const Duration interval =
        entry->resends > 0 ? std::max(sink_.round_trip(), kMinResendInterval) : kMinResendInterval;
    if (now - entry->last_sent < interval) continue;
    OutgoingPacket again = Again(*entry);
    again.stream = this;
    again.enqueued = now;
    if (!sink_.SendRetransmission(std::move(again))) break;
    entry->last_sent = now;
    ++entry->resends;
    ++resent;
  }
  return resent;
}

void Subscription::OnPictureLoss(Timestamp now) {
  if (video_ && picture_losses_.Take(now)) RequestKeyframe(now);
}

}  // namespace ferry::gateway
