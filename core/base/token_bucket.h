// A rate limit with a burst.
#pragma once

#include <algorithm>

#include "core/base/units.h"

namespace ferry {

class TokenBucket {
 public:
  TokenBucket(double per_second, double burst)
      : per_second_(per_second), burst_(burst), tokens_(burst) {}

  // Takes `cost` if there is that much; false otherwise.
  bool Take(double cost, Timestamp now) {
    if (last_ < now) {
      if (started_) tokens_ = std::min(burst_, tokens_ + (now - last_).seconds_f() * per_second_);
      last_ = now;
      started_ = true;
    }
    if (tokens_ < cost) return false;
    tokens_ -= cost;
    return true;
  }
  // Whether Take would find as much.
  bool Holds(double cost, Timestamp now) const {
    TokenBucket copy = *this;
    return copy.Take(cost, now);
  }
  // Whether nothing is missing.
  bool Full(Timestamp now) const { return Holds(burst_, now); }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  bool started_ = false;
  Timestamp last_;
};

}  // namespace ferry
