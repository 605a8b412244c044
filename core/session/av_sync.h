// Lip synchronisation of one publisher's sound and picture: whichever would be heard or seen first
// is delayed, within what people notice (ITU-R BT.1359: sound up to 45 ms early or 125 ms late).
#pragma once

#include <optional>

#include "core/base/units.h"

namespace ferry::session {

class AvSync {
 public:
  // Differences within these are left alone.
  static constexpr Duration kMaxSoundEarly = Duration::Millis(20);
  static constexpr Duration kMaxSoundLate = Duration::Millis(20);
  static constexpr Duration kMaxDelay = Duration::Millis(1000);
  static constexpr Duration kInterval = Duration::Millis(200);
  // A picture's way after it was released: decoding, the page's compositor and its next paint
  // (about two frames of a 60 Hz screen, measured in Chromium 156).
  static constexpr Duration kVideoDownstream = Duration::Millis(40);

  // Takes the capture-to-playout time of both, as they are now, and adjusts the minimum delays;
  // returns true when they changed. Sound does not wait for a picture that is not there; a
  // picture's delay is kept, since pauses of the sound are short.
  bool Update(std::optional<Duration> audio, std::optional<Duration> video, Timestamp now);

  Duration audio_minimum_delay() const { return audio_minimum_; }
  Duration video_minimum_delay() const { return video_minimum_; }

 private:
  bool ReleaseSound();
  void Correct(double excess_ms, Duration& later, Duration& earlier);
  void GiveBack(double excess_ms, Duration& minimum);

  std::optional<Timestamp> last_update_;
  double difference_ms_ = 0;  // audio less video, smoothed
  bool started_ = false;
  Duration audio_minimum_;
  Duration video_minimum_;
};

}  // namespace ferry::session
