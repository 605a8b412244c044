#include "core/session/av_sync.h"

#include <algorithm>

namespace ferry::session {
namespace {
constexpr double kSmoothing = 0.4;
// A step corrects this part of what is over the tolerance, at most kMaxStep: no jump to be seen,
// and no overshoot while a correction takes effect.
constexpr double kGain = 0.5;
// Corrections aim this far inside the tolerance, so that they come to an end.
constexpr double kMarginMs = 8;
constexpr Duration kMaxStep = Duration::Millis(40);
}  // namespace

bool AvSync::Update(std::optional<Duration> audio, std::optional<Duration> video, Timestamp now) {
  if (!audio || !video) return false;
  if (last_update_ && now - *last_update_ < kInterval) return false;
  last_update_ = now;

  const double difference = (*audio - *video - kVideoDownstream).ms_f();
  difference_ms_ =
      started_ ? difference_ms_ + kSmoothing * (difference - difference_ms_) : difference;
  started_ = true;

  const double excess_ms = difference_ms_ > 0 ? difference_ms_ - kMaxSoundLate.ms_f()
                                              : -difference_ms_ - kMaxSoundEarly.ms_f();
  if (excess_ms <= 0) return false;
  const Duration step = std::min(
      Duration::Micros(static_cast<int64_t>((excess_ms + kMarginMs) * kGain * 1000)), kMaxStep);
  // First take back a delay given to the later one, then delay the earlier one.
  Duration& later = difference_ms_ > 0 ? audio_minimum_ : video_minimum_;
  Duration& earlier = difference_ms_ > 0 ? video_minimum_ : audio_minimum_;
  const Duration taken_back = std::min(step, later);
  later -= taken_back;
  earlier = std::min(earlier + (step - taken_back), kMaxDelay);
  return true;
}

}  // namespace ferry::session
