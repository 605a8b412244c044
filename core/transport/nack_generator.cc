#include "core/transport/nack_generator.h"

#include <algorithm>
#include <utility>

namespace ferry::transport {

void NackGenerator::OnPacket(uint16_t sequence_number, Timestamp now) {
  const int64_t number = unwrapper_.Unwrap(sequence_number);
  if (!started_) {
    started_ = true;
    highest_ = number;
    return;
  }
  if (number <= highest_) {
    missing_.erase(number);
    return;
  }
  const int64_t gap = number - highest_ - 1;
  if (gap > static_cast<int64_t>(kMaxMissing)) {
    missing_.clear();
    gave_up_ = true;
  } else {
    for (int64_t n = highest_ + 1; n < number; ++n) missing_[n] = {.due = now + kReorderWait};
    while (missing_.size() > kMaxMissing) {
      missing_.erase(missing_.begin());
      gave_up_ = true;
    }
  }
  highest_ = number;
}

std::vector<uint16_t> NackGenerator::TakeDue(Timestamp now, Duration round_trip) {
  const Duration interval = std::max(round_trip, Duration::Millis(20));
  std::vector<uint16_t> due;
  for (auto it = missing_.begin(); it != missing_.end();) {
    Missing& missing = it->second;
    if (missing.due > now) {
      ++it;
    } else if (missing.requests >= kMaxRequests) {
      it = missing_.erase(it);
      gave_up_ = true;
    } else {
      ++missing.requests;
      missing.due = now + interval;
      due.push_back(static_cast<uint16_t>(it->first));
      ++it;
    }
  }
  return due;
}

Timestamp NackGenerator::NextDue() const {
  Timestamp next = Timestamp::Infinite();
  for (const auto& [number, missing] : missing_) next = std::min(next, missing.due);
  return next;
}

void NackGenerator::ForgetBefore(uint16_t sequence_number) {
  if (!started_) return;
  missing_.erase(missing_.begin(), missing_.lower_bound(unwrapper_.Peek(sequence_number)));
}

bool NackGenerator::TakeGaveUp() { return std::exchange(gave_up_, false); }

}  // namespace ferry::transport
