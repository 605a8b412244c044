// Time as the client uses it: Unix epoch, so that sender reports and capture times need no second
// clock. Tests bring their own.
#pragma once

#include <chrono>

#include "core/base/units.h"

namespace ferry::client {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp Now() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return Timestamp::Micros(
        std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count());
  }
};

}  // namespace ferry::client
