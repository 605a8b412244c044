#include "client/load/synthetic_stream.h"

#include <algorithm>
#include <utility>

#include "core/rtp/ntp_time.h"
#include "core/rtp/opus.h"
#include "core/rtp/vp8.h"

namespace ferry::client {
namespace {

constexpr int kVideoClockRateHz = 90'000;
// RFC 6716 §3.1: hybrid fullband, 20 ms, mono, one frame a packet.
constexpr uint8_t kOpusToc = 15 << 3;
// RFC 7741 §4.2: X, then I, then a 15-bit picture id.
constexpr size_t kDescriptorBytes = 4;
// RFC 6386 §9.1: frame tag, start code and size, of a key frame. Other frames get the tag alone,
// and zeros for the rest.
constexpr size_t kFrameHeaderBytes = 10;

}  // namespace

SyntheticStream::SyntheticStream(const StreamShape& shape, uint32_t ssrc, uint32_t stamp_stream,
                                 Timestamp start)
    : shape_(shape),
      ssrc_(ssrc),
      stamp_stream_(stamp_stream),
      next_frame_(start),
      payload_(net::kMaxMediaBytes) {}

uint32_t SyntheticStream::RtpTimestamp(Timestamp time) const {
  const int64_t rate = shape_.kind == MediaKind::kAudio ? rtp::kOpusClockRateHz : kVideoClockRateHz;
  return static_cast<uint32_t>(time.us() / 1'000'000 * rate +
                               time.us() % 1'000'000 * rate / 1'000'000);
}

size_t SyntheticStream::Produce(Timestamp now, PacketQueue& out) {
  const Duration interval = Duration::Seconds(1) / shape_.fps;
  // After a pause of this process the frames that nobody could have sent are left out.
  if (now - next_frame_ > Duration::Seconds(1)) next_frame_ = now;
  for (; next_frame_ <= now; next_frame_ += interval) MakeFrame(now, out);
  return std::exchange(overflowed_, 0);
}

void SyntheticStream::MakeFrame(Timestamp now, PacketQueue& out) {
  const int64_t frame_bytes = shape_.bitrate.bps() / 8 / shape_.fps;
  const bool keyframe = shape_.kind == MediaKind::kVideo && keyframe_wanted_;
  keyframe_wanted_ = false;
  budget_bytes_ += frame_bytes;
  const int64_t size = keyframe ? frame_bytes * kKeyframeFactor : budget_bytes_;
  const int64_t full = static_cast<int64_t>(shape_.packet_bytes);
  // Whole packets; the rest of the budget is the next frame's. A frame smaller than a packet is
  // one.
  const int64_t count = std::clamp<int64_t>(size / full, 1, UINT16_MAX);
  const int64_t bytes =
      std::clamp<int64_t>(size / count, static_cast<int64_t>(kMinPacketBytes), full);
  budget_bytes_ -= count * bytes;
  PacketStamp stamp = {.stream = stamp_stream_,
                       .sent = now,
                       .frame = frame_++,
                       .count = static_cast<uint16_t>(count),
                       .moves = moves_};
  for (; stamp.index < stamp.count; ++stamp.index) {
    stamp.counter = counter_++;
    MakePacket(stamp, static_cast<size_t>(bytes), keyframe, out);
  }
}

// What precedes the stamp is as the codec's payload format wants it.
size_t SyntheticStream::FillPayload(const PacketStamp& stamp, size_t bytes, bool keyframe) {
  ByteWriter writer(payload_);
  if (shape_.kind == MediaKind::kAudio) {
    writer.U8(kOpusToc);
  } else {
    writer.U8(0x80 | (stamp.index == 0 ? 0x10 : 0));
    writer.U8(0x80);
    writer.U16(static_cast<uint16_t>(0x8000 | (stamp.frame & 0x7FFF)));
    if (stamp.index == 0) {
      writer.U24(keyframe ? 0x100000
                          : 0x110000);  // shown; bit 0 of the first byte: not a key frame
      writer.U24(keyframe ? 0x9D012A : 0);
      // Little-endian.
      writer.U16(static_cast<uint16_t>(shape_.width << 8 | shape_.width >> 8));
      writer.U16(static_cast<uint16_t>(shape_.height << 8 | shape_.height >> 8));
    }
  }
  WriteStamp(stamp,
             MutableByteSpan(payload_).subspan(writer.position(), bytes - writer.position()));
  return bytes;
}

void SyntheticStream::MakePacket(const PacketStamp& stamp, size_t bytes, bool keyframe,
                                 PacketQueue& out) {
  const bool audio = shape_.kind == MediaKind::kAudio;
  rtp::RtpExtensions extensions;
  if (audio) {
    extensions.audio_level = {.minus_dbov = loud_ ? kLoudMinusDbov : kQuietMinusDbov,
                              .voice_activity = loud_};
  } else if (stamp.index == 0) {
    extensions.absolute_capture_time = rtp::ToNtp(stamp.sent);
  }
  extensions.transport_sequence_number = 0;
  const size_t header_bytes = rtp::RtpHeaderSize(extensions);
  const size_t payload_bytes = FillPayload(stamp, bytes - header_bytes, keyframe);
  const rtp::RtpHeader header = {
      .payload_type = audio ? rtp::kOpusPayloadType : rtp::kVp8PayloadType,
      .marker = !audio && stamp.index + 1 == stamp.count,
      .sequence_number = sequence_++,
      .timestamp = RtpTimestamp(next_frame_),
      .ssrc = ssrc_};
  payload_octets_ += static_cast<uint32_t>(payload_bytes);
  auto packet = rtp::RtpPacket::Make(header, extensions, ByteSpan(payload_).first(payload_bytes));
  if (!packet || !Queue(*packet, out)) {
    ++overflowed_;
    return;
  }
  history_.Put(std::move(*packet), stamp.sent);
}

bool SyntheticStream::Queue(const rtp::RtpPacket& packet, PacketQueue& out) {
  MutableByteSpan slot = out.Next();
  if (slot.size() < packet.bytes.size()) return false;
  std::ranges::copy(packet.bytes, slot.begin());
  out.Push(packet.bytes.size(), packet.transport_sequence_number_offset);
  return true;
}

bool SyntheticStream::Resend(uint16_t sequence_number, Duration round_trip, Timestamp now,
                             PacketQueue& out) {
  const rtp::RtpPacket* packet = history_.Resend(sequence_number, round_trip, now);
  return packet != nullptr && Queue(*packet, out);
}

rtp::SenderReport SyntheticStream::BuildSenderReport(Timestamp now) const {
  return {.sender_ssrc = ssrc_,
          .ntp_time = rtp::ToNtp(now),
          .rtp_timestamp = RtpTimestamp(now),
          .packet_count = counter_,
          .octet_count = payload_octets_};
}

}  // namespace ferry::client
