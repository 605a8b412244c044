#include "core/transport/application_limit.h"

#include <algorithm>

namespace ferry::transport {
namespace {
// libwebrtc's values: below 65 % of the target for most of half a second enters, and half of that
// credit used up leaves.
constexpr double kUsage = 0.65;
constexpr double kWindowSeconds = 0.5;
constexpr double kEnter = 0.8;
constexpr double kLeave = 0.5;
}  // namespace

void ApplicationLimit::OnPacketSent(int64_t bytes, Timestamp now) {
  Tick(now, target_);
  if (target_.bps() <= 0) return;
  const double window_bytes = static_cast<double>(target_.bps()) / 8 * kUsage * kWindowSeconds;
  budget_ = std::max(budget_ - static_cast<double>(bytes) / window_bytes, -1.0);
  if (budget_ < kLeave) limited_ = false;
}

void ApplicationLimit::Tick(Timestamp now, DataRate target) {
  const Duration elapsed = std::max(now - last_.value_or(now), Duration::Zero());
  last_ = now;
  target_ = target;
  budget_ = std::min(budget_ + elapsed.seconds_f() / kWindowSeconds, 1.0);
  if (budget_ > kEnter) limited_ = true;
}

}  // namespace ferry::transport
