#include "core/session/rtp_sender.h"

#include <cmath>

#include "core/rtp/ntp_time.h"

namespace ferry::session {

uint32_t RtpSender::TimestampFor(Timestamp capture_time) const {
  if (clock_) {
    const double elapsed = (capture_time - clock_->capture_time).seconds_f();
    return clock_->timestamp + static_cast<uint32_t>(std::llround(elapsed * config_.clock_rate_hz));
  }
  // Whole seconds and the rest apart: the product of all microseconds since 1970 and 90 000 passes
  // 64 bits.
  const int64_t us = capture_time.us();
  const int64_t rate = config_.clock_rate_hz;
  const int64_t ticks = us / 1'000'000 * rate + us % 1'000'000 * rate / 1'000'000;
  return static_cast<uint32_t>(ticks) + config_.timestamp_offset;
}

size_t RtpSender::MaxPayload(const rtp::RtpExtensions& extensions) {
  rtp::RtpExtensions all = extensions;
  all.transport_sequence_number = 0;
  return rtp::kMaxPacketSize - rtp::RtpHeaderSize(all);
}

rtp::RtpPacket RtpSender::MakePacket(const Packet& packet, Timestamp now) {
  rtp::RtpExtensions extensions = packet.extensions;
  extensions.transport_sequence_number = 0;
  const rtp::RtpHeader header = {.payload_type = config_.payload_type,
                                 .marker = packet.marker,
                                 .sequence_number = static_cast<uint16_t>(next_),
                                 .timestamp = packet.timestamp,
                                 .ssrc = config_.ssrc};
  // Cannot fail: payload type and level are valid.
  rtp::RtpPacket made =
      rtp::RtpPacket::Make(header, extensions, packet.payload).value_or(rtp::RtpPacket());
  made.sequence = next_++;
  history_.Put(made, now);
  ++stats_.packets;
  stats_.bytes += made.bytes.size();
  stats_.payload_bytes += packet.payload.size();
  return made;
}

std::optional<rtp::RtpPacket> RtpSender::Resend(uint16_t sequence_number, Duration round_trip,
                                                Timestamp now) {
  const rtp::RtpPacket* packet = history_.Resend(sequence_number, round_trip, now);
  if (!packet) return std::nullopt;
  ++stats_.retransmitted;
  stats_.bytes += packet->bytes.size();
  rtp::RtpPacket again = *packet;
  again.recovered = true;
  return again;
}

rtp::SenderReport RtpSender::BuildSenderReport(Timestamp now) const {
  return {.sender_ssrc = config_.ssrc,
          .ntp_time = rtp::ToNtp(now),
          .rtp_timestamp = TimestampFor(now),
          .packet_count = static_cast<uint32_t>(stats_.packets),
          .octet_count = static_cast<uint32_t>(stats_.payload_bytes)};
}

void RtpSender::OnReportBlock(const rtp::ReportBlock& block, Timestamp now) {
  stats_.fraction_lost = block.fraction_lost / 256.0;
  if (block.last_sr == 0) return;
  // RFC 3550 §6.4.1: A - LSR - DLSR, in 1/65536 s.
  const uint32_t elapsed =
      rtp::NtpMiddle(rtp::ToNtp(now)) - block.last_sr - block.delay_since_last_sr;
  // A clock that was set meanwhile gives nonsense, mostly a negative time.
  if (elapsed < 60u * 65'536) {
    stats_.round_trip = Duration::Micros(int64_t{elapsed} * 1'000'000 / 65'536);
  }
}

}  // namespace ferry::session
