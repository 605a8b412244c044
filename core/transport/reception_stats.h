// Statistics of one received RTP source, as receiver reports carry them: RFC 3550 §6.4.1, A.1, A.3,
// A.8.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/units.h"
#include "core/rtp/rtcp.h"

namespace ferry::transport {

class ReceptionStats {
 public:
  explicit ReceptionStats(int clock_rate_hz) : clock_rate_hz_(clock_rate_hz) {}

  // `sequence` as RtpPacket::sequence; `size` of the whole packet.
  void OnPacket(int64_t sequence, uint32_t rtp_timestamp, size_t size, Timestamp arrival);
  void OnSenderReport(uint64_t ntp_time, Timestamp arrival);
  // The block for the next report about `ssrc`; resets the interval of fraction_lost.
  rtp::ReportBlock BuildReportBlock(uint32_t ssrc, Timestamp now);

  bool started() const { return first_sequence_.has_value(); }
  int64_t packets() const { return received_; }
  int64_t bytes() const { return bytes_; }
  // Expected less received; duplicates and retransmissions can make it negative.
  int64_t lost() const;
  Duration jitter() const;

 private:
  int64_t Expected() const { return first_sequence_ ? highest_ - *first_sequence_ + 1 : 0; }

  int clock_rate_hz_;
  std::optional<int64_t> first_sequence_;
  int64_t highest_ = 0;
  int64_t received_ = 0;
  int64_t bytes_ = 0;
  int64_t expected_before_ = 0;
  int64_t received_before_ = 0;
  double jitter_ticks_ = 0;
  uint32_t last_rtp_timestamp_ = 0;
  Timestamp last_arrival_;
  uint32_t last_sr_ = 0;
  Timestamp last_sr_arrival_;
};

}  // namespace ferry::transport
