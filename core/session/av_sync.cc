#include "core/session/av_sync.h"

#include <algorithm>

namespace ferry::session {
namespace {
constexpr double kSmoothing = 0.4;
// A step corrects this part of what is over the tolerance, at most kMaxStep: no jump to be seen,
// and no overshoot while a correction takes effect.
constexpr double kGain = 0.5;
// Corrections aim this far inside the tolerance, so that they come to an end.
constexpr double kMarginMs = 5;
constexpr Duration kMaxStep = Duration::Millis(40);
// Without a picture, in one step: 100 ms a second.
constexpr Duration kRelease = Duration::Millis(20);

Duration Step(double excess_ms) {
  return std::min(Duration::Micros(static_cast<int64_t>(excess_ms * kGain * 1000)), kMaxStep);
}
}  // namespace

bool AvSync::Update(std::optional<Duration> audio, std::optional<Duration> video, Timestamp now) {
  if (last_update_ && now - *last_update_ < kInterval) return false;
  if (!video) {
    last_update_ = now;
    return ReleaseSound();
  }
  if (!audio) return false;
  last_update_ = now;

  const double difference = (*audio - *video - kVideoDownstream).ms_f();
  difference_ms_ =
      started_ ? difference_ms_ + kSmoothing * (difference - difference_ms_) : difference;
  started_ = true;

  if (difference_ms_ > kMaxSoundLate.ms_f()) {
    Correct(difference_ms_ - kMaxSoundLate.ms_f(), audio_minimum_, video_minimum_);
  } else if (difference_ms_ < -kMaxSoundEarly.ms_f()) {
    Correct(-difference_ms_ - kMaxSoundEarly.ms_f(), video_minimum_, audio_minimum_);
  } else if (difference_ms_ < kMaxSoundLate.ms_f() - 2 * kMarginMs &&
             video_minimum_ > Duration::Zero()) {
    GiveBack(kMaxSoundLate.ms_f() - kMarginMs - difference_ms_, video_minimum_);
  } else if (difference_ms_ > -kMaxSoundEarly.ms_f() + 2 * kMarginMs &&
             audio_minimum_ > Duration::Zero()) {
    GiveBack(difference_ms_ + kMaxSoundEarly.ms_f() - kMarginMs, audio_minimum_);
  } else {
    return false;
  }
  return true;
}

bool AvSync::ReleaseSound() {
  // The next picture is a new beginning.
  started_ = false;
  if (audio_minimum_ == Duration::Zero()) return false;
  audio_minimum_ -= std::min(kRelease, audio_minimum_);
  return true;
}

// `later` has a part of its own delay taken back, and only then is `earlier` delayed.
void AvSync::Correct(double excess_ms, Duration& later, Duration& earlier) {
  const Duration step = Step(excess_ms + kMarginMs);
  const Duration taken_back = std::min(step, later);
  later -= taken_back;
  earlier = std::min(earlier + (step - taken_back), kMaxDelay);
}

void AvSync::GiveBack(double excess_ms, Duration& minimum) {
  minimum -= std::min(Step(excess_ms), minimum);
}

}  // namespace ferry::session
