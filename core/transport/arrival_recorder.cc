#include "core/transport/arrival_recorder.h"

#include <algorithm>
#include <utility>

namespace ferry::transport {
namespace {
// A delta is a signed 16-bit count of 250 us; a little less keeps rounding inside.
constexpr Duration kMaxDelta = Duration::Micros(250 * 32'000);
constexpr int64_t kReferenceUnitUs = 64'000;
// Numbers that one feedback can tell of, reported or not.
constexpr auto kMaxSpan = static_cast<int64_t>(rtp::kMaxFeedbackPackets);
}  // namespace

void ArrivalRecorder::OnPacket(uint16_t sequence_number, Timestamp arrival) {
  const int64_t number = unwrapper_.Unwrap(sequence_number);
  // A jump this far is a sender that started anew: nothing before it will be asked about.
  const int64_t reference = next_unreported_   ? *next_unreported_
                            : pending_.empty() ? number
                                               : oldest_;
  if (number < reference - int64_t{kMaxPending} || number >= reference + kMaxSpan) {
    pending_.clear();
    sorted_ = true;
    next_unreported_.reset();
  }
  if (!pending_.empty() && number <= pending_.back().number) sorted_ = false;
  oldest_ = pending_.empty() ? number : std::min(oldest_, number);
  pending_.push_back({number, arrival});
  if (pending_.size() <= kMaxPending) return;
  Sort();
  if (pending_.size() <= kMaxPending) return;
  pending_.erase(pending_.begin(), pending_.begin() + kMaxPending / 4);
  oldest_ = pending_.front().number;
}

// The first arrival of a number is the one that counts.
void ArrivalRecorder::Sort() {
  if (std::exchange(sorted_, true)) return;
  std::ranges::stable_sort(pending_, {}, &Arrival::number);
  const auto repeated = std::ranges::unique(pending_, {}, &Arrival::number);
  pending_.erase(repeated.begin(), repeated.end());
}

std::optional<rtp::TransportFeedback> ArrivalRecorder::BuildFeedback() {
  if (pending_.empty()) return std::nullopt;
  Sort();
  const auto first = pending_.begin();
  // A packet older than what was reported (reordered, or sent again) is reported on its own.
  int64_t base = next_unreported_ ? std::min(*next_unreported_, first->number) : first->number;
  // What was lost before a gap wider than a feedback is not told: the arrivals behind it have to
  // be.
  if (first->number - base >= kMaxSpan) base = first->number;

  rtp::TransportFeedback feedback;
  feedback.feedback_count = feedback_count_++;
  const int64_t reference_units = first->at.us() / kReferenceUnitUs;
  const Timestamp reference = Timestamp::Micros(reference_units * kReferenceUnitUs);
  // 24 bits on the wire, signed.
  feedback.reference_time = static_cast<int32_t>(static_cast<uint32_t>(reference_units) << 8) >> 8;

  int64_t next = base;
  Timestamp previous = reference;
  auto it = first;
  for (; it != pending_.end(); ++it) {
    const auto& [number, arrival] = *it;
    const Duration delta = arrival - previous;
    // The first is within 64 ms of the reference time, so that each feedback tells of one at least.
    if (delta > kMaxDelta || -delta > kMaxDelta) break;
    if (number - base >= kMaxSpan) break;
    for (; next < number; ++next) {
      feedback.packets.push_back({.sequence_number = static_cast<uint16_t>(next)});
    }
    const Duration since_reference = Duration::Micros((arrival - reference).us() / 250 * 250);
    feedback.packets.push_back({.sequence_number = static_cast<uint16_t>(number),
                                .received = true,
                                .arrival = since_reference});
    next = number + 1;
    previous = arrival;
  }
  pending_.erase(pending_.begin(), it);
  if (!pending_.empty()) oldest_ = pending_.front().number;
  next_unreported_ = std::max(next, next_unreported_.value_or(next));
  return feedback;
}

}  // namespace ferry::transport
