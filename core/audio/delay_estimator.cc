#include "core/audio/delay_estimator.h"

#include <algorithm>

#include "core/audio/opus_encoder.h"

namespace ferry {
namespace {

constexpr Duration kSlot = Duration::Millis(100);
constexpr Duration kInterval = Duration::Millis(500);
constexpr Duration kBinWidth = Duration::Millis(5);
constexpr float kQuantile = 0.95f;
constexpr float kForget = 0.97f;
// What we ask for until the network has been seen for a while.
constexpr Duration kStartTarget = Duration::Millis(40);
constexpr int kStartIntervals = 2;

// Lateness counts as repeated when it returns within this time, but not within one burst.
constexpr Duration kLatenessMemory = Duration::Millis(3000);
constexpr Duration kLatenessSeparation = Duration::Millis(100);
// The peak is held, then it gives way to the histogram: 20 ms each second.
constexpr Duration kPeakHold = Duration::Millis(5000);
constexpr int64_t kPeakDecayPerSecondUs = 20'000;

}  // namespace

DelayEstimator::DelayEstimator() { histogram_.fill(0); }

Duration DelayEstimator::OnPacket(Timestamp arrival, int64_t timestamp) {
  const int64_t offset_us = arrival.us() - OpusDuration(timestamp).us();
  UpdateBase(arrival, offset_us);
  const Duration relative = Duration::Micros(offset_us - *base_us_);
  if (intervals_ == 0 && interval_start_ == Timestamp()) interval_start_ = arrival;
  now_ = std::max(now_, arrival);
  if (arrival - interval_start_ >= kInterval) CloseInterval(arrival);
  interval_max_ = std::max(interval_max_, relative);
  if (relative > Target()) NoteLateness(arrival, relative);
  return relative;
}

void DelayEstimator::UpdateBase(Timestamp arrival, int64_t offset_us) {
  const int64_t epoch = arrival.us() / kSlot.us();
  Slot& slot = slots_[static_cast<size_t>(((epoch % kWindowSlots) + kWindowSlots) % kWindowSlots)];
  if (slot.epoch != epoch) {
    slot = {epoch, offset_us};
  } else {
    slot.min_us = std::min(slot.min_us, offset_us);
  }
  int64_t smallest = offset_us;
  for (const Slot& s : slots_) {
    if (s.epoch > epoch - kWindowSlots && s.epoch <= epoch) {
      smallest = std::min(smallest, s.min_us);
    }
  }
  base_us_ = smallest;
}

void DelayEstimator::CloseInterval(Timestamp now) {
  const int bin =
      static_cast<int>(std::clamp<int64_t>(interval_max_.us() / kBinWidth.us(), 0, kBins - 1));
  ++intervals_;
  // The first intervals weigh the same each; from then on the past fades.
  const float weight = std::max(1.0f - kForget, 1.0f / static_cast<float>(intervals_));
  for (float& share : histogram_) share *= 1.0f - weight;
  histogram_[static_cast<size_t>(bin)] += weight;
  quantile_ = Quantile();
  interval_start_ = now;
  interval_max_ = Duration::Zero();
}

Duration DelayEstimator::Quantile() const {
  float sum = 0;
  int bin = 0;
  // The shares add up to one but for rounding.
  while (bin < kBins - 1 && (sum += histogram_[static_cast<size_t>(bin)]) < kQuantile) ++bin;
  return kBinWidth * static_cast<double>(bin + 1);
}

void DelayEstimator::NoteLateness(Timestamp now, Duration relative) {
  if (last_lateness_ && now - *last_lateness_ < kLatenessSeparation) return;
  if (last_lateness_ && now - *last_lateness_ < kLatenessMemory) {
    peak_ = std::max(peak_, std::min(relative, last_lateness_delay_));
    peak_time_ = now;
  }
  last_lateness_ = now;
  last_lateness_delay_ = relative;
}

Duration DelayEstimator::Target() const {
  Duration target = quantile_;
  if (intervals_ < kStartIntervals) target = std::max({target, kStartTarget, interval_max_});
  const Duration held = std::max(now_ - peak_time_ - kPeakHold, Duration::Zero());
  const Duration decayed = Duration::Micros(held.us() * kPeakDecayPerSecondUs / 1'000'000);
  return std::max(target, peak_ - decayed);
}

std::optional<Timestamp> DelayEstimator::EarliestArrival(int64_t timestamp) const {
  if (!base_us_) return std::nullopt;
  return Timestamp::Micros(*base_us_ + OpusDuration(timestamp).us());
}

}  // namespace ferry
