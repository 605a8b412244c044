// How much may be sent again: repeated packets that take more than their share keep the queue full
// that lost them, and are lost like the rest.
#pragma once

#include <cstddef>
#include <optional>

#include "core/base/units.h"

namespace ferry::transport {

class ResendBudget {
 public:
  // Share of the target that retransmissions may have, and never less than kMinRate: enough where a
  // quarter of all packets is lost, while a receiver that asks for everything again and again gets
  // no more than it could have by losing packets.
  static constexpr double kShare = 0.3;
  static constexpr DataRate kMinRate = DataRate::KilobitsPerSec(100);
  // What of it may leave at once: a path that was gone for a moment gets all that it lost.
  static constexpr Duration kBurst = Duration::Millis(500);

  // Whether so many bytes may be sent again.
  bool Has(size_t bytes, DataRate target, Timestamp now);
  // The same; if so they are taken.
  bool Take(size_t bytes, DataRate target, Timestamp now);

 private:
  double bytes_ = 0;
  std::optional<Timestamp> refilled_;
};

}  // namespace ferry::transport
