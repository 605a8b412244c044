// NTP short and long formats (RFC 5905 §6) and the mapping between RTP and capture time.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/sequence_number.h"
#include "core/base/units.h"

namespace ferry::rtp {

// UQ32.32 of a time given as Unix epoch (the NTP era begins 2 208 988 800 s earlier).
constexpr uint64_t ToNtp(Timestamp unix_time) {
  constexpr uint64_t kEpochOffset = 2'208'988'800ull;
  const uint64_t us = static_cast<uint64_t>(unix_time.us());
  const uint64_t seconds = us / 1'000'000 + kEpochOffset;
  const uint64_t fraction = ((us % 1'000'000) << 32) / 1'000'000;
  return seconds << 32 | fraction;
}

constexpr Timestamp FromNtp(uint64_t ntp) {
  constexpr uint64_t kEpochOffset = 2'208'988'800ull;
  const int64_t seconds = static_cast<int64_t>(ntp >> 32) - static_cast<int64_t>(kEpochOffset);
  const int64_t fraction_us =
      static_cast<int64_t>(((ntp & 0xFFFFFFFFull) * 1'000'000 + (1ull << 31)) >> 32);
  return Timestamp::Micros(seconds * 1'000'000 + fraction_us);
}

// The middle 32 bits, as report blocks carry them.
constexpr uint32_t NtpMiddle(uint64_t ntp) { return static_cast<uint32_t>(ntp >> 16); }

// Tells the capture time (publisher's clock) of any RTP timestamp of one stream from the newest
// pair of both seen, in a sender report or an absolute-capture-time extension.
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
