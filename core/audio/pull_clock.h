// When the playout side pulls, without the unevenness of its calls.
//
// Pulls are 10 ms apart on average, but come in bunches (an audio worklet asks for several at
// once) and late (a busy thread). The smoothed time is what delay is measured by, and the earliest
// a pull comes before it is delay the buffer must keep in hand.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/units.h"

namespace ferry {

class PullClock {
 public:
  // Called at each pull.
  void OnPull(Timestamp now) {
    constexpr Duration kPeriod = Duration::Millis(10);
    // A jump this big is a suspended device, not unevenness.
    constexpr Duration kResync = Duration::Millis(200);
    constexpr int kSmoothing = 64;
    expected_ += kPeriod;
    Duration error = now - expected_;
    if (count_ == 0 || error > kResync || error < -kResync) {
      expected_ = now;
      earliness_us_ = 0;
      count_ = 0;
      error = Duration::Zero();
    }
    count_ = std::min(count_ + 1, kSmoothing);
    expected_ += error / count_;
    const auto early_us = static_cast<double>((expected_ - now).us());
    // Held for the rhythm of bunches, and halved in some seven seconds.
    earliness_us_ = std::max(early_us, earliness_us_ * 0.999);
  }

  // The smoothed time of the latest pull.
  Timestamp now() const { return expected_; }
  // How much before the smoothed time pulls have come of late.
  Duration earliness() const { return Duration::Micros(static_cast<int64_t>(earliness_us_)); }

 private:
  Timestamp expected_;
  double earliness_us_ = 0;
  int count_ = 0;
};

}  // namespace ferry
