// Strong types for time and data rate, so that no bare number crosses an interface.
//
// All are 64-bit integers of microseconds or bits per second. The engine owns no clock: a Timestamp
// is what its caller says it is (monotonic in the gateway, performance time in the browser, virtual
// in tests), and only differences between Timestamps of one source mean anything.
//
// Arithmetic saturates instead of overflowing, and what is infinite stays infinite: `now +
// Infinite` is a deadline that never comes, whatever is taken off it.
#pragma once

#include <compare>
#include <cstdint>

namespace ferry {

namespace internal {

inline constexpr int64_t kInfinite = INT64_MAX;

constexpr bool IsInfinite(int64_t v) { return v == kInfinite || v == -kInfinite; }

// INT64_MIN has no opposite: it counts as infinite.
constexpr int64_t Clamped(int64_t v) { return v < -kInfinite ? -kInfinite : v; }

constexpr int64_t SaturatedAdd(int64_t a, int64_t b) {
  if (IsInfinite(a)) return a;
  if (IsInfinite(b)) return b;
  int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return b > 0 ? kInfinite : -kInfinite;
  return Clamped(sum);
}

constexpr int64_t SaturatedMultiply(int64_t a, int64_t b) {
  int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    return (a > 0) == (b > 0) ? kInfinite : -kInfinite;
  }
  return Clamped(product);
}

// Rounded toward zero.
constexpr int64_t SaturatedScale(int64_t v, double factor) {
  const double product = static_cast<double>(v) * factor;
  if (!(product < 0x1p63)) return kInfinite;  // NaN too
  if (product <= -0x1p63) return -kInfinite;
  return static_cast<int64_t>(product);
}

}  // namespace internal

class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration Micros(int64_t us) { return Duration(us); }
  static constexpr Duration Millis(int64_t ms) {
    return Duration(internal::SaturatedMultiply(ms, 1000));
  }
  static constexpr Duration Seconds(int64_t s) {
    return Duration(internal::SaturatedMultiply(s, 1'000'000));
  }
  static constexpr Duration Zero() { return Duration(0); }
  static constexpr Duration Infinite() { return Duration(internal::kInfinite); }

  constexpr int64_t us() const { return us_; }
  constexpr int64_t ms() const { return us_ / 1000; }
  constexpr double ms_f() const { return static_cast<double>(us_) / 1e3; }
  constexpr double seconds_f() const { return static_cast<double>(us_) / 1e6; }

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration o) const {
    return Duration(internal::SaturatedAdd(us_, o.us_));
  }
  constexpr Duration operator-(Duration o) const { return *this + -o; }
  constexpr Duration operator-() const { return Duration(-us_); }
  constexpr Duration operator*(double f) const {
    return Duration(internal::SaturatedScale(us_, f));
  }
  constexpr Duration operator/(int64_t d) const { return Duration(us_ / d); }
  constexpr Duration& operator+=(Duration o) { return *this = *this + o; }
  constexpr Duration& operator-=(Duration o) { return *this = *this - o; }

 private:
  constexpr explicit Duration(int64_t us) : us_(internal::Clamped(us)) {}
  int64_t us_ = 0;
};

class Timestamp {
 public:
  constexpr Timestamp() = default;
  static constexpr Timestamp Micros(int64_t us) { return Timestamp(us); }
  static constexpr Timestamp Millis(int64_t ms) {
    return Timestamp(internal::SaturatedMultiply(ms, 1000));
  }
  static constexpr Timestamp Infinite() { return Timestamp(internal::kInfinite); }

  constexpr int64_t us() const { return us_; }
  constexpr double ms_f() const { return static_cast<double>(us_) / 1e3; }

  constexpr auto operator<=>(const Timestamp&) const = default;
  constexpr Duration operator-(Timestamp o) const {
    return Duration::Micros(us_) - Duration::Micros(o.us_);
  }
  constexpr Timestamp operator+(Duration d) const {
    return Timestamp(internal::SaturatedAdd(us_, d.us()));
  }
  constexpr Timestamp operator-(Duration d) const { return *this + -d; }
  constexpr Timestamp& operator+=(Duration d) { return *this = *this + d; }

 private:
  constexpr explicit Timestamp(int64_t us) : us_(internal::Clamped(us)) {}
  int64_t us_ = 0;
};

class DataRate {
 public:
  constexpr DataRate() = default;
  static constexpr DataRate BitsPerSec(int64_t bps) { return DataRate(bps); }
  static constexpr DataRate KilobitsPerSec(int64_t kbps) {
    return DataRate(internal::SaturatedMultiply(kbps, 1000));
  }

  constexpr int64_t bps() const { return bps_; }
  constexpr int64_t kbps() const { return bps_ / 1000; }

  constexpr auto operator<=>(const DataRate&) const = default;
  constexpr DataRate operator*(double f) const {
    return DataRate(internal::SaturatedScale(bps_, f));
  }
  // How long `bytes` take on a line of this rate, rounded up so that a sender who waits as long
  // never passes it; Infinite for a rate of zero.
  constexpr Duration TimeFor(int64_t bytes) const {
    if (bps_ <= 0) return Duration::Infinite();
    const int64_t bit_us = internal::SaturatedMultiply(bytes, 8 * 1'000'000);
    return Duration::Micros(bit_us / bps_ + (bit_us % bps_ > 0 ? 1 : 0));
  }

 private:
  constexpr explicit DataRate(int64_t bps) : bps_(bps) {}
  int64_t bps_ = 0;
};

namespace literals {
constexpr Duration operator""_us(unsigned long long v) { return Duration::Micros(int64_t(v)); }
constexpr Duration operator""_ms(unsigned long long v) { return Duration::Millis(int64_t(v)); }
constexpr Duration operator""_s(unsigned long long v) { return Duration::Seconds(int64_t(v)); }
constexpr DataRate operator""_kbps(unsigned long long v) {
  return DataRate::KilobitsPerSec(int64_t(v));
}
constexpr DataRate operator""_mbps(unsigned long long v) {
  return DataRate::KilobitsPerSec(int64_t(v) * 1000);
}
}  // namespace literals

}  // namespace ferry
