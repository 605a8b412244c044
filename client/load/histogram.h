// Counts of durations in buckets that grow with them: each is at most 1/32 wide of what it holds.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "core/base/units.h"

namespace ferry::client {

class Histogram {
 public:
  // Longer ones count as this: 67 s.
  static constexpr int64_t kMaxMicros = (int64_t{1} << 26) - 1;

  // Negative durations count as zero.
  void Record(Duration duration) {
    const uint64_t us = static_cast<uint64_t>(std::clamp<int64_t>(duration.us(), 0, kMaxMicros));
    ++buckets_[Bucket(us)];
    ++count_;
    max_us_ = std::max(max_us_, us);
  }
  void Add(const Histogram& other) {
    for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_us_ = std::max(max_us_, other.max_us_);
  }
  void Clear() { *this = Histogram(); }

  uint64_t count() const { return count_; }
  // The least duration that at least a part `q` of all are within, to a bucket; nullopt of nothing.
  std::optional<Duration> Quantile(double q) const {
    if (count_ == 0) return std::nullopt;
    const double wanted = q * static_cast<double>(count_);
    uint64_t seen = 0;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > 0 && static_cast<double>(seen) >= wanted) return UpperEnd(i);
    }
    return max();
  }
  Duration max() const { return Duration::Micros(static_cast<int64_t>(max_us_)); }

 private:
  // Up to kLinear each microsecond has its bucket, then each doubling has kLinear / 2.
  static constexpr uint64_t kLinear = 64;
  static constexpr size_t kBuckets = kLinear + (26 - 6) * kLinear / 2;

  static size_t Bucket(uint64_t us) {
    if (us < kLinear) return us;
    const int shift = static_cast<int>(std::bit_width(us)) - 6;  // leaves 6 bits, the top one set
    return kLinear + static_cast<size_t>(shift - 1) * kLinear / 2 + ((us >> shift) - kLinear / 2);
  }
  Duration UpperEnd(size_t bucket) const {
    if (bucket < kLinear) return Duration::Micros(static_cast<int64_t>(bucket));
    const size_t above = bucket - kLinear;
    const int shift = static_cast<int>(above / (kLinear / 2)) + 1;
    const uint64_t mantissa = above % (kLinear / 2) + kLinear / 2;
    const uint64_t end = ((mantissa + 1) << shift) - 1;
    return Duration::Micros(static_cast<int64_t>(std::min(end, max_us_)));
  }

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
  uint64_t max_us_ = 0;
};

}  // namespace ferry::client
