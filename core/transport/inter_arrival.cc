#include "core/transport/inter_arrival.h"

#include <algorithm>

namespace ferry::transport {
namespace {
// Groups that overtook the one before them, in a row, before the state is taken for wrong.
constexpr int kMaxReordered = 3;
}  // namespace

std::optional<GroupDelta> InterArrival::OnPacket(Timestamp sent, Timestamp arrived) {
  if (!current_) {
    current_ = Group{sent, sent, arrived, arrived};
    return std::nullopt;
  }
  if (sent < current_->first_sent) return std::nullopt;  // reordered: its group is over
  if (Belongs(sent, arrived)) {
    current_->last_sent = std::max(current_->last_sent, sent);
    current_->last_arrived = std::max(current_->last_arrived, arrived);
    return std::nullopt;
  }
  const std::optional<GroupDelta> delta = Compare();
  if (!current_) return std::nullopt;
  previous_ = current_;
  current_ = Group{sent, sent, arrived, arrived};
  return delta;
}

bool InterArrival::Belongs(Timestamp sent, Timestamp arrived) const {
  if (sent - current_->first_sent <= kGroupLength) return true;
  const Duration since_last = arrived - current_->last_arrived;
  const Duration propagation = since_last - (sent - current_->last_sent);
  return propagation < Duration::Zero() && since_last <= kGroupLength &&
         arrived - current_->first_arrived < kMaxBurst;
}

std::optional<GroupDelta> InterArrival::Compare() {
  if (!previous_) return std::nullopt;
  const GroupDelta delta{.send = current_->last_sent - previous_->last_sent,
                         .arrival = current_->last_arrived - previous_->last_arrived,
                         .arrived = current_->last_arrived};
  if (delta.arrival < Duration::Zero()) {
    if (++reordered_ >= kMaxReordered) Reset();
    return std::nullopt;
  }
  reordered_ = 0;
  return delta;
}

void InterArrival::Reset() {
  current_.reset();
  previous_.reset();
  reordered_ = 0;
}

}  // namespace ferry::transport
