#include "core/audio/delay_estimator.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/audio/opus_encoder.h"

namespace ferry {
namespace {

constexpr Duration kSlot = Duration::Millis(100);
constexpr Duration kInterval = Duration::Millis(500);
// Targets are whole steps, so that they are steady.
constexpr Duration kStep = Duration::Millis(5);
// What we ask for until the network has been seen for a while.
constexpr Duration kStartTarget = Duration::Millis(40);
// A call's first second is that of its set-up (code being compiled, queues filling): it tells
// nothing about the network and is not remembered.
constexpr int kStartIntervals = 2;

// Lateness counts as repeated when it returns within this time, but not within one burst.
constexpr Duration kLatenessMemory = Duration::Millis(3000);
constexpr Duration kLatenessSeparation = Duration::Millis(100);
// The peak is held, then it gives way to what is usual: by 100 ms each second, and so that seconds
// of delay are not what is left of a congestion for long, to 1/e every two seconds besides.
constexpr Duration kPeakHold = Duration::Millis(3000);
constexpr double kPeakDecay = 0.1;
constexpr double kPeakDecayTimeS = 2;

}  // namespace

Duration DelayEstimator::OnPacket(Timestamp arrival, int64_t timestamp, Duration most) {
  const int64_t offset_us = arrival.us() - OpusDuration(timestamp).us();
  UpdateBase(arrival, offset_us);
  const Duration relative = std::min(Duration::Micros(offset_us - *base_us_), most);
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
  if (intervals_ >= kStartIntervals) {
    interval_maxima_[static_cast<size_t>((intervals_ - kStartIntervals) % kIntervals)] =
        interval_max_;
    ++intervals_;
    usual_ = kStep * static_cast<double>(SecondLargest().us() / kStep.us() + 1);
  } else {
    ++intervals_;
    usual_ = interval_max_;
  }
  interval_start_ = now;
  interval_max_ = Duration::Zero();
}

Duration DelayEstimator::SecondLargest() const {
  const int count = std::min(intervals_ - kStartIntervals, kIntervals);
  if (count == 1) return interval_maxima_[0];
  auto maxima = interval_maxima_;
  std::nth_element(maxima.begin(), maxima.begin() + 1, maxima.begin() + count, std::greater<>());
  return maxima[1];
}

void DelayEstimator::NoteLateness(Timestamp now, Duration relative) {
  if (last_lateness_ && now - *last_lateness_ < kLatenessSeparation) return;
  if (last_lateness_ && now - *last_lateness_ < kLatenessMemory) {
    // Of an older peak only what is left, or any small lateness would bring it back.
    peak_ = std::max(Peak(), std::min(relative, last_lateness_delay_));
    peak_time_ = now;
  }
  last_lateness_ = now;
  last_lateness_delay_ = relative;
}

Duration DelayEstimator::Target() const {
  Duration target = usual_;
  if (intervals_ < kStartIntervals) target = std::max({target, kStartTarget, interval_max_});
  return std::max(target, Peak());
}

Duration DelayEstimator::Peak() const {
  const Duration held = std::max(now_ - peak_time_ - kPeakHold, Duration::Zero());
  const Duration left = peak_ * std::exp(-held.seconds_f() / kPeakDecayTimeS) - held * kPeakDecay;
  return std::max(left, Duration::Zero());
}

std::optional<Timestamp> DelayEstimator::EarliestArrival(int64_t timestamp) const {
  if (!base_us_) return std::nullopt;
  return Timestamp::Micros(*base_us_ + OpusDuration(timestamp).us());
}

}  // namespace ferry
