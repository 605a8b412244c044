// How many repair packets are worth sending, by what the path loses.
#pragma once

#include "core/base/units.h"

namespace ferry::fec {

// Repair packets for each packet of a kind.
struct Protection {
  double audio = 0;
  double video = 0;
  bool operator==(const Protection&) const = default;
};

// What keeps losses of this share of all packets from being noticed, where what is lost can be sent
// again after `round_trip` too.
Protection ProtectionAgainst(double loss, Duration round_trip);

// The share of packets that the path loses, of what reports tell: more than before is believed
// sooner than less, because too little repair is seen and too much is not.
class ExpectedLoss {
 public:
  // So many packets have been reported since the last call, and so many of them as lost.
  void Update(double packets, double lost);
  double loss() const { return loss_; }

 private:
  // Packets after which 1 - 1/e of a change is believed.
  static constexpr double kRise = 60;
  static constexpr double kFall = 400;

  double loss_ = 0;
  double packets_ = 0;
};

}  // namespace ferry::fec
