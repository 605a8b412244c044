// Time as the gateway uses it; tests bring their own.
#pragma once

#include <chrono>

#include "core/base/units.h"

namespace ferry::gateway {

class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic.
  virtual Timestamp Now() const = 0;
  virtual int64_t UnixMs() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp Now() const override {
    return Timestamp::Micros(Since<std::chrono::microseconds>(std::chrono::steady_clock::now()));
  }
  int64_t UnixMs() const override {
    return Since<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }

 private:
  template <typename Unit, typename Point>
  static int64_t Since(Point point) {
    return std::chrono::duration_cast<Unit>(point.time_since_epoch()).count();
  }
};

}  // namespace ferry::gateway
