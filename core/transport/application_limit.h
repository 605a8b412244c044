// Tells whether the application sends clearly less than it may (the application-limited region):
// then neither loss nor the acknowledged rate says what the path can carry.
#pragma once

#include <optional>

#include "core/base/units.h"

namespace ferry::transport {

class ApplicationLimit {
 public:
  void OnPacketSent(int64_t bytes, Timestamp now);
  // Lets time pass without a packet.
  void Tick(Timestamp now, DataRate target);
  bool limited() const { return limited_; }

 private:
  std::optional<Timestamp> last_;
  DataRate target_;
  double budget_ = 0;  // -1 … 1: share of a window's bytes saved up by sending little
  bool limited_ = false;
};

}  // namespace ferry::transport
