// Strong types for time and data rate, so that no bare number crosses an interface.
//
// All are 64-bit integers of microseconds or bits per second. The engine owns no clock: a Timestamp
// is what its caller says it is (monotonic in the gateway, performance time in the browser, virtual
// in tests), and only differences between Timestamps of one source mean anything.
#pragma once

#include <compare>
#include <cstdint>

namespace ferry {

class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration Micros(int64_t us) { return Duration(us); }
  static constexpr Duration Millis(int64_t ms) { return Duration(ms * 1000); }
  static constexpr Duration Seconds(int64_t s) { return Duration(s * 1'000'000); }
  static constexpr Duration Zero() { return Duration(0); }
  static constexpr Duration Infinite() { return Duration(INT64_MAX); }

  constexpr int64_t us() const { return us_; }
  constexpr int64_t ms() const { return us_ / 1000; }
  constexpr double ms_f() const { return static_cast<double>(us_) / 1e3; }
  constexpr double seconds_f() const { return static_cast<double>(us_) / 1e6; }

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration o) const { return Duration(us_ + o.us_); }
  constexpr Duration operator-(Duration o) const { return Duration(us_ - o.us_); }
  constexpr Duration operator-() const { return Duration(-us_); }
  constexpr Duration operator*(double f) const {
    return Duration(static_cast<int64_t>(static_cast<double>(us_) * f));
  }
  constexpr Duration operator/(int64_t d) const { return Duration(us_ / d); }
  constexpr Duration& operator+=(Duration o) { return us_ += o.us_, *this; }
  constexpr Duration& operator-=(Duration o) { return us_ -= o.us_, *this; }

 private:
  constexpr explicit Duration(int64_t us) : us_(us) {}
  int64_t us_ = 0;
};

class Timestamp {
 public:
  constexpr Timestamp() = default;
  static constexpr Timestamp Micros(int64_t us) { return Timestamp(us); }
  static constexpr Timestamp Millis(int64_t ms) { return Timestamp(ms * 1000); }
  static constexpr Timestamp Infinite() { return Timestamp(INT64_MAX); }

  constexpr int64_t us() const { return us_; }
  constexpr double ms_f() const { return static_cast<double>(us_) / 1e3; }

  constexpr auto operator<=>(const Timestamp&) const = default;
  constexpr Duration operator-(Timestamp o) const { return Duration::Micros(us_ - o.us_); }
  constexpr Timestamp operator+(Duration d) const { return Timestamp(us_ + d.us()); }
  constexpr Timestamp operator-(Duration d) const { return Timestamp(us_ - d.us()); }
  constexpr Timestamp& operator+=(Duration d) { return us_ += d.us(), *this; }

 private:
  constexpr explicit Timestamp(int64_t us) : us_(us) {}
  int64_t us_ = 0;
};

class DataRate {
 public:
  constexpr DataRate() = default;
  static constexpr DataRate BitsPerSec(int64_t bps) { return DataRate(bps); }
  static constexpr DataRate KilobitsPerSec(int64_t kbps) { return DataRate(kbps * 1000); }

  constexpr int64_t bps() const { return bps_; }
  constexpr int64_t kbps() const { return bps_ / 1000; }

  constexpr auto operator<=>(const DataRate&) const = default;
  constexpr DataRate operator*(double f) const {
    return DataRate(static_cast<int64_t>(static_cast<double>(bps_) * f));
  }
  // How long `bytes` take on a line of this rate; Infinite for a rate of zero.
  constexpr Duration TimeFor(int64_t bytes) const {
    return bps_ <= 0 ? Duration::Infinite() : Duration::Micros(bytes * 8 * 1'000'000 / bps_);
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
