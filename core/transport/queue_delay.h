// How long packets wait in the path's queues now: their one-way delay above the least one seen
// lately. Offsets of the receiver's clock cancel out.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "core/base/units.h"

namespace ferry::transport {

class QueueDelay {
 public:
  // How long a least delay counts; a longer path is taken for the new normal after twice that.
  static constexpr Duration kBaseWindow = Duration::Seconds(10);
  static constexpr size_t kStandingRounds = 3;

  void OnPacket(Timestamp sent, Timestamp arrived);
  // Ends a round of packets (one feedback): the least delay among them counts, so that jitter does
  // not.
  void EndRound(Timestamp now);
  Duration delay() const { return delay_; }
  // The least of the last kStandingRounds: a queue stays, what a standstill held up does not.
  Duration standing_delay() const;
  void Reset() { *this = QueueDelay(); }

 private:
  std::optional<Duration> round_;
  Duration base_ = Duration::Infinite();
  Duration previous_base_ = Duration::Infinite();
  std::optional<Timestamp> window_began_;
  Duration delay_;
  std::array<Duration, kStandingRounds> delays_{};  // the last rounds', a ring
  size_t next_ = 0;
};

}  // namespace ferry::transport
