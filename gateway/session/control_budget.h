// What one user may say: docs/protocol.md §2.1, over all his connections and sessions.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/base/token_bucket.h"
#include "core/base/units.h"
#include "gateway/session/session_limits.h"

namespace ferry::gateway {

class ControlBudget {
 public:
  // A message of which the others in the room are told costs as one more for each so many of them.
  static constexpr size_t kListenersPerMessage = 100;
  // But no more than this, nor than half of the burst: somebody must be able to be muted in a room
  // of 100 000.
  static constexpr size_t kMaxListenersCost = 100;

  explicit ControlBudget(const SessionLimits& limits)
      : messages_(static_cast<double>(limits.max_messages_per_second),
                  static_cast<double>(limits.message_burst)),
        faults_(1.0, static_cast<double>(limits.max_faults)),
        max_telling_(
            std::min<double>(kMaxListenersCost, static_cast<double>(limits.message_burst) / 2)) {}

  bool TakeMessage(Timestamp now) { return messages_.Take(1, now); }
  // For what `listeners` others are told.
  bool TakeTelling(size_t listeners, Timestamp now) {
    const auto cost = static_cast<double>(listeners / kListenersPerMessage);
    return messages_.Take(std::min(cost, max_telling_), now);
  }
  bool TakeFault(Timestamp now) { return faults_.Take(1, now); }
  // Whether it is as at the beginning.
  bool Full(Timestamp now) const { return messages_.Full(now) && faults_.Full(now); }

 private:
  TokenBucket messages_;
  TokenBucket faults_;
  double max_telling_;
};

}  // namespace ferry::gateway
