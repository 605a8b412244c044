// What one client may say: docs/protocol.md §2.1. It is the session's, over all its connections.
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
  // But no more than this, or nobody could be muted in a room of 100 000.
  static constexpr size_t kMaxListenersCost = 10;

  explicit ControlBudget(const SessionLimits& limits)
      : messages_(static_cast<double>(limits.max_messages_per_second),
                  static_cast<double>(limits.message_burst)),
        faults_(1.0, static_cast<double>(limits.max_faults)) {}

  bool TakeMessage(Timestamp now) { return messages_.Take(1, now); }
  // For what `listeners` others are told.
  bool TakeTelling(size_t listeners, Timestamp now) {
    const size_t cost = std::min(listeners / kListenersPerMessage, kMaxListenersCost);
    return messages_.Take(static_cast<double>(cost), now);
  }
  bool TakeFault(Timestamp now) { return faults_.Take(1, now); }

 private:
  TokenBucket messages_;
  TokenBucket faults_;
};

}  // namespace ferry::gateway
