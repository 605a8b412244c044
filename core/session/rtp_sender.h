// One outgoing RTP source: numbering, extensions, sender reports, retransmission (RFC 3550 §5.1,
// §6.4.1).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "core/rtp/rtp_packet.h"
#include "core/transport/packet_history.h"

namespace ferry::session {

struct RtpSenderConfig {
  uint32_t ssrc = 0;
  uint8_t payload_type = 0;
  int clock_rate_hz = 0;
  uint16_t first_sequence = 0;    // random, RFC 3550 §5.1
  uint32_t timestamp_offset = 0;  // random
};

struct RtpSenderStats {
  uint64_t packets = 0;
  uint64_t bytes = 0;          // whole packets
  uint64_t payload_bytes = 0;  // as sender reports count
  uint64_t retransmitted = 0;
  double fraction_lost = 0;  // of the newest receiver report
  std::optional<Duration> round_trip;
};

// Packets come out with room for a transport-wide sequence number, which they get when they leave.
class RtpSender {
 public:
  explicit RtpSender(const RtpSenderConfig& config)
      : config_(config), next_(config.first_sequence) {}

  uint32_t ssrc() const { return config_.ssrc; }
  // The RTP timestamp of a capture time (Unix epoch), as the clock was set last.
  uint32_t TimestampFor(Timestamp capture_time) const;
  // From now on what was captured at `capture_time` has this timestamp: of media whose clock counts
  // samples, which drifts away from ours. Before that the clock is ours.
  void SetClock(uint32_t timestamp, Timestamp capture_time) {
    clock_ = Clock{timestamp, capture_time};
  }

  struct Packet {
    ByteSpan payload;
    uint32_t timestamp = 0;
    bool marker = false;
    rtp::RtpExtensions extensions;
  };
  // Largest payload of a packet with these extensions.
  static size_t MaxPayload(const rtp::RtpExtensions& extensions);
  // Remembered for retransmission. The payload must be at most MaxPayload.
  rtp::RtpPacket MakePacket(const Packet& packet, Timestamp now);
  // The packet again, or nullopt when it is not to be had, or was sent again within the last
  // `round_trip`.
  std::optional<rtp::RtpPacket> Resend(uint16_t sequence_number, Duration round_trip,
                                       Timestamp now);

  bool sent_any() const { return stats_.packets > 0; }
  rtp::SenderReport BuildSenderReport(Timestamp now) const;
  void OnReportBlock(const rtp::ReportBlock& block, Timestamp now);
  const RtpSenderStats& stats() const { return stats_; }

 private:
  struct Clock {
    uint32_t timestamp;
    Timestamp capture_time;
  };

  RtpSenderConfig config_;
  std::optional<Clock> clock_;
  int64_t next_;  // not wrapped
  transport::PacketHistory history_;
  RtpSenderStats stats_;
};

}  // namespace ferry::session
