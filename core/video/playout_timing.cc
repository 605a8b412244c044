#include "core/video/playout_timing.h"

#include <algorithm>

namespace ferry::video {
namespace {
// How fast the delay falls again after jitter has passed, per frame.
constexpr Duration kFallPerFrame = Duration::Micros(500);
// A delay that differs this much from what was usual is a sender that began anew.
constexpr Duration kRestart = Duration::Seconds(5);
}  // namespace

void PlayoutTiming::OnFrame(uint32_t rtp_timestamp, Timestamp arrival) {
  const Duration delay = arrival - Timestamp() - MediaTime(unwrapper_.Unwrap(rtp_timestamp));
  if (!started_ || delay > Base() + kRestart || delay < Base() - kRestart) {
    Reset(delay, arrival);
    return;
  }
  if (arrival - base_window_start_ > kBaseWindow) {
    base_before_ = base_now_;
    base_now_ = delay;
    base_window_start_ = arrival;
  }
  base_now_ = std::min(base_now_, delay);
  UpdateJitter(delay - Base());
}

Timestamp PlayoutTiming::ReleaseTime(uint32_t rtp_timestamp) const {
  return Timestamp() + MediaTime(unwrapper_.Peek(rtp_timestamp)) + Base() + TargetDelay();
}

Duration PlayoutTiming::TargetDelay() const {
  return std::min(std::max(jitter_, minimum_), std::min(maximum_, kMaxDelay));
}

Duration PlayoutTiming::Base() const { return std::min(base_now_, base_before_); }

void PlayoutTiming::Reset(Duration delay, Timestamp arrival) {
  started_ = true;
  base_now_ = base_before_ = delay;
  base_window_start_ = arrival;
  extra_count_ = extra_next_ = 0;
  jitter_ = Duration::Zero();
}

void PlayoutTiming::UpdateJitter(Duration extra) {
  extra_us_[extra_next_] = static_cast<int32_t>(std::min(extra, kRestart).us());
  extra_next_ = (extra_next_ + 1) % kWindow;
  extra_count_ = std::min(extra_count_ + 1, kWindow);

  std::array<int32_t, kWindow> sorted;
  std::copy_n(extra_us_.begin(), extra_count_, sorted.begin());
  const auto rank = sorted.begin() + static_cast<std::ptrdiff_t>((extra_count_ - 1) * 95 / 100);
  std::nth_element(sorted.begin(), rank,
                   sorted.begin() + static_cast<std::ptrdiff_t>(extra_count_));
  const Duration wanted = Duration::Micros(*rank);
  jitter_ = std::max(wanted, jitter_ - kFallPerFrame);
}

}  // namespace ferry::video
