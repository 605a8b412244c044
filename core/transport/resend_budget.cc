#include "core/transport/resend_budget.h"

#include <algorithm>

namespace ferry::transport {

bool ResendBudget::Has(size_t bytes, DataRate target, Timestamp now) {
  const DataRate rate = std::max(target * kShare, kMinRate);
  const auto bytes_in = [&](Duration time) {
    return static_cast<double>(rate.bps()) / 8 * time.seconds_f();
  };
  const Duration since = refilled_ ? now - *refilled_ : kBurst;
  bytes_ = std::min(bytes_ + bytes_in(since), bytes_in(kBurst));
  refilled_ = now;
  return bytes_ >= static_cast<double>(bytes);
}

bool ResendBudget::Take(size_t bytes, DataRate target, Timestamp now) {
  if (!Has(bytes, target, now)) return false;
  bytes_ -= static_cast<double>(bytes);
  return true;
}

}  // namespace ferry::transport
