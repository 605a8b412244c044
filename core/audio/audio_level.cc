#include "core/audio/audio_level.h"

#include <algorithm>
#include <cmath>

namespace ferry {
namespace {

constexpr double kQuietestDb = -127;
// The ends of the meter's scale.
constexpr double kMeterBottomDb = -60;
constexpr double kMeterTopDb = -5;
// Per block: up nearly at once, down by half in four blocks.
constexpr double kAttack = 0.7;
constexpr double kRelease = 0.15;

}  // namespace

double LinearFromMinusDbov(double minus_dbov) {
  return std::clamp((-minus_dbov - kMeterBottomDb) / (kMeterTopDb - kMeterBottomDb), 0.0, 1.0);
}

AudioLevel AudioLevelMeter::Analyze(std::span<const float> samples) {
  double energy = 0;
  for (const float sample : samples) energy += static_cast<double>(sample) * sample;
  double db = kQuietestDb;
  // Also keeps what is not a number out of the smoothed state.
  if (!samples.empty() && energy > 0 && std::isfinite(energy)) {
    const double mean = energy / static_cast<double>(samples.size());
    // 0 dBov is the level of a full-scale square wave (RFC 6464 §3): a mean square of 1.
    db = std::clamp(10 * std::log10(mean), kQuietestDb, 0.0);
  }
  level_.minus_dbov = static_cast<uint8_t>(std::lround(-db));
  level_.voice_activity = DetectVoice(db);
  const double linear = LinearFromMinusDbov(-db);
  linear_ += (linear - linear_) * (linear > linear_ ? kAttack : kRelease);
  return level_;
}

// Energy against a tracked noise floor: the floor falls at once and rises slowly, so that steady
// noise becomes floor and the bursts of speech stand out of it.
bool AudioLevelMeter::DetectVoice(double db) {
  constexpr double kFloorRisePerBlockDb = 0.05;
  constexpr double kLowestFloorDb = -75;
  constexpr double kAboveFloorDb = 9;
  constexpr double kQuietestVoiceDb = -55;
  constexpr int kHangoverBlocks = 10;  // bridges the pauses within a word
  if (db < noise_floor_db_) {
    noise_floor_db_ = std::max(db, kLowestFloorDb);
  } else {
    noise_floor_db_ = std::min(noise_floor_db_ + kFloorRisePerBlockDb, db);
  }
  if (db > kQuietestVoiceDb && db > noise_floor_db_ + kAboveFloorDb) {
    hangover_ = kHangoverBlocks;
  } else if (hangover_ > 0) {
    --hangover_;
  }
  return hangover_ > 0;
}

}  // namespace ferry
