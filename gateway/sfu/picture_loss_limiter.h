// How often one subscriber's picture losses may cost the whole room a key frame.
#pragma once

#include <algorithm>
#include <optional>

#include "core/base/units.h"

namespace ferry::gateway {

// The first is passed on at once. One that repeats without loss on the subscriber's own path is of
// no use to it: the wait doubles each time. Receivers repeat theirs until a key frame comes, so
// that one not passed on need not be remembered.
class PictureLossLimiter {
 public:
  static constexpr Duration kMinInterval = Duration::Seconds(1);
  static constexpr Duration kMaxInterval = Duration::Seconds(8);
  // What was long ago does not count as repeated.
  static constexpr Duration kForgetAfter = Duration::Seconds(16);

  // Packets to this subscriber were lost.
  void OnLoss() { lost_ = true; }
  // Whether a picture loss may be passed on now.
  bool Take(Timestamp now) {
    if (last_) {
      const Duration since = now - *last_;
      if (since < (lost_ ? kMinInterval : interval_)) return false;
      const bool repeated = !lost_ && since < kForgetAfter;
      interval_ = repeated ? std::min(interval_ * 2.0, kMaxInterval) : kMinInterval;
    }
    last_ = now;
    lost_ = false;
    return true;
  }

 private:
  std::optional<Timestamp> last_;
  Duration interval_ = kMinInterval;
  bool lost_ = false;
};

}  // namespace ferry::gateway
