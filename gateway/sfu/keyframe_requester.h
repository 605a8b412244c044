// Coalesces the key frame requests of all subscribers of one stream (docs/protocol.md §3).
#pragma once

#include "core/base/units.h"

namespace ferry::gateway {

// Sans-I/O: Request and Tick answer whether a picture loss indication is to be sent now.
class KeyframeRequester {
 public:
  // A publisher is asked no more often than this, however many ask.
  static constexpr Duration kMinInterval = Duration::Millis(300);
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
    const Duration interval = fresh || !asked_ ? kMinInterval : kRetryInterval;
    if (ever_ && now - last_ < interval) {
      if (fresh) asked_ = false;  // owed as soon as the interval allows
      return false;
    }
    last_ = now;
    ever_ = asked_ = true;
    return true;
  }

  bool wanted_ = false;
  bool asked_ = false;  // since it became wanted
  bool ever_ = false;
  Timestamp last_;
};

}  // namespace ferry::gateway
