#include "core/transport/nack_generator.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ferry::transport {

void NackGenerator::OnPacket(int64_t sequence, Timestamp now) {
  const int64_t highest = highest_.value_or(sequence - 1);
  if (sequence <= highest) return Fill(sequence);
  const auto lost = static_cast<size_t>(sequence - highest - 1);
  if (lost > kMaxMissing) {
    gaps_.clear();
    missing_ = 0;
    gave_up_ = true;
  } else if (lost > 0) {
    gaps_.emplace_hint(gaps_.end(), highest + 1, Gap{.end = sequence, .due = now + kReorderWait});
    next_due_ = std::min(next_due_, now + kReorderWait);
    missing_ += lost;
    if (missing_ > kMaxMissing) {
      ForgetOldest(missing_ - kMaxMissing);
      gave_up_ = true;
    }
  }
  highest_ = sequence;
}

void NackGenerator::ExpectBefore(int64_t first, Timestamp now) {
  gaps_.emplace(first - kMaxBeforeFirst, Gap{.end = first, .due = now + kReorderWait});
  missing_ += kMaxBeforeFirst;
  next_due_ = std::min(next_due_, now + kReorderWait);
}

void NackGenerator::Fill(int64_t number) {
  auto gap = gaps_.upper_bound(number);
  if (gap == gaps_.begin() || number >= (--gap)->second.end) return;
  --missing_;
  const Gap after = gap->second;
  if (number + 1 < after.end) gaps_.emplace_hint(std::next(gap), number + 1, after);
  if (number == gap->first) {
    gaps_.erase(gap);
  } else {
    gap->second.end = number;
  }
}

NackGenerator::Gaps::iterator NackGenerator::Erase(Gaps::iterator gap) {
  missing_ -= static_cast<size_t>(gap->second.end - gap->first);
  return gaps_.erase(gap);
}

void NackGenerator::ForgetOldest(size_t count) {
  while (count > 0) {
    const auto oldest = gaps_.begin();
    const auto size = static_cast<size_t>(oldest->second.end - oldest->first);
    if (size > count) {
      return ForgetBefore(oldest->first + static_cast<int64_t>(count));
    }
    count -= size;
    Erase(oldest);
  }
}

std::vector<uint16_t> NackGenerator::TakeNacks(Timestamp now, Duration round_trip) {
  const Duration interval = std::max(round_trip * kRepeatAfter, kLeastInterval);
  std::vector<uint16_t> due;
  if (now < NextDue()) return due;
  next_due_ = Timestamp::Infinite();
  for (auto it = gaps_.begin(); it != gaps_.end();) {
    Gap& gap = it->second;
    if (gap.due > now) {
      next_due_ = std::min(next_due_, gap.due);
      ++it;
    } else if (gap.requests >= kMaxRequests) {
      it = Erase(it);
      gave_up_ = true;
    } else {
      ++gap.requests;
      gap.due = now + interval;
      next_due_ = std::min(next_due_, gap.due);
      for (int64_t n = it->first; n < gap.end; ++n) due.push_back(static_cast<uint16_t>(n));
      ++it;
    }
  }
  return due;
}

void NackGenerator::ForgetBefore(int64_t sequence) {
  while (!gaps_.empty() && gaps_.begin()->second.end <= sequence) Erase(gaps_.begin());
  if (gaps_.empty() || gaps_.begin()->first >= sequence) return;
  // The one that this is in begins there from now on.
  auto cut = gaps_.extract(gaps_.begin());
  missing_ -= static_cast<size_t>(sequence - cut.key());
  cut.key() = sequence;
  gaps_.insert(std::move(cut));
}

bool NackGenerator::TakeGaveUp() { return std::exchange(gave_up_, false); }

}  // namespace ferry::transport
