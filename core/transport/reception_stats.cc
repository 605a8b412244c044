#include "core/transport/reception_stats.h"

#include <algorithm>
#include <cmath>

#include "core/rtp/ntp_time.h"

namespace ferry::transport {

void ReceptionStats::OnPacket(int64_t sequence, uint32_t rtp_timestamp, size_t size,
                              Timestamp arrival) {
  ++received_;
  bytes_ += static_cast<int64_t>(size);
  const bool in_order = !first_sequence_ || sequence > highest_;
  if (!first_sequence_) {
    first_sequence_ = sequence;
    highest_ = sequence;
  }
  highest_ = std::max(highest_, sequence);

  // RFC 3550 §A.8, only over packets of different timestamps in order: the packets of one video
  // frame share a timestamp, and their spread is no jitter of the network.
  if (in_order && received_ > 1 && rtp_timestamp != last_rtp_timestamp_) {
    const double arrival_ticks = (arrival - last_arrival_).seconds_f() * clock_rate_hz_;
    const double sent_ticks = static_cast<int32_t>(rtp_timestamp - last_rtp_timestamp_);
    const double deviation = std::abs(arrival_ticks - sent_ticks);
    // A pause of the sender (mute, DTX) is no jitter either.
    if (deviation < 5.0 * clock_rate_hz_) jitter_ticks_ += (deviation - jitter_ticks_) / 16;
  }
  if (in_order && (received_ == 1 || rtp_timestamp != last_rtp_timestamp_)) {
    last_rtp_timestamp_ = rtp_timestamp;
    last_arrival_ = arrival;
  }
}

void ReceptionStats::OnSenderReport(uint64_t ntp_time, Timestamp arrival) {
  last_sr_ = rtp::NtpMiddle(ntp_time);
  last_sr_arrival_ = arrival;
}

int64_t ReceptionStats::lost() const { return Expected() - received_; }

Duration ReceptionStats::jitter() const {
  return Duration::Micros(static_cast<int64_t>(jitter_ticks_ * 1e6 / clock_rate_hz_));
}

rtp::ReportBlock ReceptionStats::BuildReportBlock(uint32_t ssrc, Timestamp now) {
  rtp::ReportBlock block;
  block.ssrc = ssrc;
  const int64_t expected_interval = Expected() - expected_before_;
  const int64_t lost_interval = expected_interval - (received_ - received_before_);
  expected_before_ = Expected();
  received_before_ = received_;
  if (expected_interval > 0 && lost_interval > 0) {
    block.fraction_lost =
        static_cast<uint8_t>(std::min<int64_t>(255, lost_interval * 256 / expected_interval));
  }
  block.cumulative_lost = static_cast<int32_t>(std::clamp<int64_t>(lost(), -0x800000, 0x7FFFFF));
  block.highest_sequence = static_cast<uint32_t>(highest_);
  block.jitter = static_cast<uint32_t>(jitter_ticks_);
  if (last_sr_ != 0) {
    block.last_sr = last_sr_;
    block.delay_since_last_sr =
        static_cast<uint32_t>((now - last_sr_arrival_).us() * 65'536 / 1'000'000);
  }
  return block;
}

}  // namespace ferry::transport
