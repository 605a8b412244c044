// NTP short and long formats (RFC 5905 §6) and the mapping between RTP and capture time.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/sequence_number.h"
#include "core/base/units.h"

namespace ferry::rtp {

// The NTP era 0 begins 1900-01-01, this long before the Unix epoch.
inline constexpr int64_t kNtpUnixOffsetSeconds = 2'208'988'800;

// UQ32.32 of a time given as Unix epoch; times before 1968 or after 2104 come back shifted by an
// era of 136 years.
constexpr uint64_t ToNtp(Timestamp unix_time) {
  const int64_t us = unix_time.us();
  // Division that rounds down, for times before the epoch too.
  const int64_t whole = us / 1'000'000 - (us % 1'000'000 < 0 ? 1 : 0);
  const uint64_t rest_us = static_cast<uint64_t>(us - whole * 1'000'000);
  const uint64_t seconds = static_cast<uint64_t>(whole + kNtpUnixOffsetSeconds);
  return seconds << 32 | (rest_us << 32) / 1'000'000;
}

constexpr Timestamp FromNtp(uint64_t ntp) {
  // RFC 4330 §3: with the top bit clear the time is of era 1, which begins in 2036.
  const int64_t era = (ntp >> 63) == 0 ? int64_t{1} << 32 : 0;
  const int64_t seconds = static_cast<int64_t>(ntp >> 32) + era - kNtpUnixOffsetSeconds;
  const int64_t fraction_us =
      static_cast<int64_t>(((ntp & 0xFFFFFFFFull) * 1'000'000 + (1ull << 31)) >> 32);
  return Timestamp::Micros(seconds * 1'000'000 + fraction_us);
}

// The middle 32 bits, as report blocks carry them.
constexpr uint32_t NtpMiddle(uint64_t ntp) { return static_cast<uint32_t>(ntp >> 16); }

// Tells the capture time (publisher's clock) of any RTP timestamp of one stream from the newest
// pair of both seen, in a sender report or an absolute-capture-time extension. Holds for timestamps
// within 2^31 ticks of that pair (6 hours at 90 kHz).
class CaptureClock {
 public:
  explicit CaptureClock(int clock_rate_hz) : clock_rate_hz_(clock_rate_hz) {}

  void Update(uint32_t rtp_timestamp, uint64_t ntp_time) {
    reference_rtp_ = rtp_timestamp;
    reference_time_ = FromNtp(ntp_time);
  }
  std::optional<Timestamp> CaptureTime(uint32_t rtp_timestamp) const {
    if (!reference_time_) return std::nullopt;
    const int32_t ticks = static_cast<int32_t>(rtp_timestamp - reference_rtp_);
    return *reference_time_ + Duration::Micros(int64_t{ticks} * 1'000'000 / clock_rate_hz_);
  }

 private:
  int clock_rate_hz_;
  uint32_t reference_rtp_ = 0;
  std::optional<Timestamp> reference_time_;
};

}  // namespace ferry::rtp
