// Coalesces the key frame requests of all subscribers of one stream (docs/protocol.md §3).
#pragma once

#include <algorithm>

#include "core/base/units.h"

namespace ferry::gateway {

// Sans-I/O: Request and Tick answer whether a picture loss indication is to be sent now.
class KeyframeRequester {
 public:
  // A publisher is asked no more often than this, however many ask.
  static constexpr Duration kMinInterval = Duration::Millis(300);
  // The interval doubles up to this while it is asked again and again: who joins waits no longer,
  // and the others pay for no more than one key frame in it.
  static constexpr Duration kMaxInterval = Duration::Millis(1000);
  // Not asked for so long, it is back at the least.
  static constexpr Duration kCalmAfter = Duration::Millis(3000);
  // Asked again when no key frame came: longer than the slowest sensible round trip.
  static constexpr Duration kRetryInterval = Duration::Millis(1000);

  bool Request(Timestamp now) {
    if (!wanted_) asked_ = false;
    wanted_ = true;
    return Tick(now, /*fresh=*/true);
  }
  bool Tick(Timestamp now) { return Tick(now, /*fresh=*/false); }
  void OnKeyframe() { wanted_ = false; }
  bool wanted() const { return wanted_; }

 private:
  bool Tick(Timestamp now, bool fresh) {
    if (!wanted_) return false;
    const Duration interval = fresh || !asked_ ? interval_ : kRetryInterval;
    if (ever_ && now - last_ < interval) {
      if (fresh) asked_ = false;  // owed as soon as the interval allows
      return false;
    }
    const bool repeated = ever_ && now - last_ < kCalmAfter;
    interval_ = repeated ? std::min(interval_ * 2.0, kMaxInterval) : kMinInterval;
    last_ = now;
    ever_ = asked_ = true;
    return true;
  }

  bool wanted_ = false;
  bool asked_ = false;  // since it became wanted
  bool ever_ = false;
  Duration interval_ = kMinInterval;
  Timestamp last_;
};

}  // namespace ferry::gateway
