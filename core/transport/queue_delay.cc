#include "core/transport/queue_delay.h"

#include <algorithm>

namespace ferry::transport {

void QueueDelay::OnPacket(Timestamp sent, Timestamp arrived) {
  const Duration delay = arrived - sent;
  round_ = std::min(delay, round_.value_or(delay));
}

void QueueDelay::EndRound(Timestamp now) {
  if (!round_) return;
  if (!window_began_ || now - *window_began_ > kBaseWindow) {
    window_began_ = now;
    previous_base_ = base_;
    base_ = *round_;
  }
  base_ = std::min(base_, *round_);
  delay_ = *round_ - std::min(base_, previous_base_);
  delays_[next_] = delay_;
  next_ = (next_ + 1) % kStandingRounds;
  round_.reset();
}

Duration QueueDelay::standing_delay() const { return *std::ranges::min_element(delays_); }

}  // namespace ferry::transport
