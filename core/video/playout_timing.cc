#include "core/video/playout_timing.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ferry::video {
namespace {
// How fast the delay falls again after jitter has passed, as the sound's does, with which it is
// kept in sync (core/audio/delay_estimator.cc): a picture that moves a tenth faster is not noticed;
// one that is late by a second and more catches up faster.
constexpr double kFall = 0.1;
constexpr double kFallTimeS = 2;
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
  UpdateJitter(delay - Base(), arrival);
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
  window_.clear();
  last_arrival_ = arrival;
  jitter_ = Duration::Zero();
}

void PlayoutTiming::UpdateJitter(Duration extra, Timestamp arrival) {
  window_.push_back({arrival, extra});
  while (window_.size() > kMaxFrames || window_.front().arrival < arrival - kWindow) {
    window_.pop_front();
  }
  std::array<Duration, kMaxFrames> sorted;
  std::ranges::transform(window_, sorted.begin(), &Frame::extra);
  const auto rank = sorted.begin() + static_cast<std::ptrdiff_t>((window_.size() - 1) * 95 / 100);
  std::nth_element(sorted.begin(), rank,
                   sorted.begin() + static_cast<std::ptrdiff_t>(window_.size()));
  const Duration passed = std::max(arrival - last_arrival_, Duration::Zero());
  const Duration left = jitter_ * std::exp(-passed.seconds_f() / kFallTimeS) - passed * kFall;
  jitter_ = std::max(*rank, left);
  last_arrival_ = arrival;
}

}  // namespace ferry::video
