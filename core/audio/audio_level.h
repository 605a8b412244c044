// How loud: the level of RFC 6464 for the wire, and a smoothed 0..1 for meters.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/audio_level.h"

namespace ferry {

// The meter's scale for a level off the wire: 0 at -60 dBov and below, 1 at -5 dBov and above,
// even in decibels between, as loudness is heard. Times 100 it is a TRTC volume.
double LinearFromMinusDbov(double minus_dbov);

// Measures blocks of 10 to 20 ms, in order.
class AudioLevelMeter {
 public:
  // Interleaved or mono samples in [-1, 1]; the level is over all of them.
  AudioLevel Analyze(std::span<const float> samples);

  AudioLevel level() const { return level_; }
  // 0..1, quick to rise and slow to fall.
  double linear() const { return linear_; }
  // 0..100, as TRTC's AUDIO_VOLUME event reports.
  int volume() const { return static_cast<int>(linear_ * 100.0 + 0.5); }
  void Reset() { *this = AudioLevelMeter(); }

 private:
  bool DetectVoice(double db);

  AudioLevel level_;
  double linear_ = 0;
  double noise_floor_db_ = -60;
  int hangover_ = 0;
};

}  // namespace ferry
