// RTCP packets: RFC 3550 §6, RFC 4585 §6, RFC 5506 (reduced size),
// draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/units.h"
#include "core/rtp/rtp_packet.h"

namespace ferry::rtp {

// RFC 3550 §6.4.1: reception of one source.
struct ReportBlock {
  uint32_t ssrc = 0;
  uint8_t fraction_lost = 0;         // of 256, since the last report
  int32_t cumulative_lost = 0;       // 24-bit signed; clamped when written
  uint32_t highest_sequence = 0;     // extended
  uint32_t jitter = 0;               // in timestamp units
  uint32_t last_sr = 0;              // middle 32 bits of the NTP time of the last sender report
  uint32_t delay_since_last_sr = 0;  // in 1/65536 s
  bool operator==(const ReportBlock&) const = default;
};

struct SenderReport {
  uint32_t sender_ssrc = 0;
  uint64_t ntp_time = 0;  // UQ32.32
  uint32_t rtp_timestamp = 0;
  uint32_t packet_count = 0;
  uint32_t octet_count = 0;
  std::vector<ReportBlock> blocks;  // at most 31
  bool operator==(const SenderReport&) const = default;
};

struct ReceiverReport {
  uint32_t sender_ssrc = 0;
  std::vector<ReportBlock> blocks;  // at most 31
  bool operator==(const ReceiverReport&) const = default;
};

struct Bye {
  std::vector<uint32_t> ssrcs;  // at most 31
  bool operator==(const Bye&) const = default;
};

// RFC 4585 §6.2.1, with the bitmasks expanded to sequence numbers.
struct Nack {
  uint32_t sender_ssrc = 0;
  uint32_t media_ssrc = 0;
  // At least one, at most kMaxNackedPackets in 253 entries of 17; in order they take fewest.
  std::vector<uint16_t> sequence_numbers;
  bool operator==(const Nack&) const = default;
};
inline constexpr size_t kMaxNackedPackets = 253 * 17;

// RFC 4585 §6.3.1.
struct PictureLossIndication {
  uint32_t sender_ssrc = 0;
  uint32_t media_ssrc = 0;
  bool operator==(const PictureLossIndication&) const = default;
};

// Arrival of one transport-wide sequence number.
struct PacketArrival {
  uint16_t sequence_number = 0;
  bool received = false;
  // Since TransportFeedback::reference_time, in steps of 250 us (written rounded); only of received
  // packets.
  Duration arrival;
  bool operator==(const PacketArrival&) const = default;
};

struct TransportFeedback {
  uint32_t sender_ssrc = 0;
  uint32_t media_ssrc = 0;
  uint8_t feedback_count = 0;
  // In 64 ms, signed 24 bits: written modulo 2^24, wraps after 12 days.
  int32_t reference_time = 0;
  // Consecutive sequence numbers, at least one, at most kMaxFeedbackPackets.
  std::vector<PacketArrival> packets;
  bool operator==(const TransportFeedback&) const = default;
};
inline constexpr size_t kMaxFeedbackPackets = 2048;

using RtcpPacket =
    std::variant<SenderReport, ReceiverReport, Bye, Nack, PictureLossIndication, TransportFeedback>;

// Parses a compound or reduced-size packet. Types we do not know (SDES, APP, XR …) are skipped; a
// malformed part makes the whole an error, as do more than kMaxReceivedPacketSize bytes and, over
// all feedback of the compound, more than kMaxFeedbackPackets arrivals.
Result<std::vector<RtcpPacket>> ParseRtcp(ByteSpan packet);

// Appends one packet to a compound; on an error `out` stays as it was. kLimitExceeded when it does
// not fit its format's bounds or the compound would pass kMaxPacketSize; kInvalidArgument for a
// NACK or feedback of nothing, feedback that is not consecutive, and arrivals whose difference is
// too large for the format (8.19 s).
Result<void> AppendRtcp(const RtcpPacket& packet, std::vector<uint8_t>& out);

}  // namespace ferry::rtp
