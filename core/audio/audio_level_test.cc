#include "core/audio/audio_level.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "core/audio/jitter_buffer_sim.h"

namespace ferry {
namespace {

std::vector<float> Tone(double amplitude) { return MakeTone(960, 300, amplitude); }

TEST(AudioLevel, MeasuresInDecibelsBelowOverload) {
  AudioLevelMeter meter;
  EXPECT_EQ(meter.Analyze(std::vector<float>(960, 1.0f)).minus_dbov, 0);
  EXPECT_EQ(meter.Analyze(Tone(1.0)).minus_dbov, 3) << "a full-scale sine is at -3.01 dBov";
  EXPECT_EQ(meter.Analyze(Tone(0.1)).minus_dbov, 23);
  EXPECT_EQ(meter.Analyze(Tone(0.001)).minus_dbov, 63);
  EXPECT_EQ(meter.Analyze(std::vector<float>(960)).minus_dbov, 127);
  EXPECT_EQ(meter.Analyze({}).minus_dbov, 127);
}

TEST(AudioLevel, LinearLevelRisesFastAndFallsSlowly) {
  AudioLevelMeter meter;
  EXPECT_EQ(meter.volume(), 0);
  for (int i = 0; i < 3; ++i) meter.Analyze(Tone(0.2));
  const int loud = meter.volume();
  EXPECT_GT(loud, 70);
  meter.Analyze(std::vector<float>(960));
  EXPECT_GT(meter.volume(), loud * 3 / 4);
  for (int i = 0; i < 50; ++i) meter.Analyze(std::vector<float>(960));
  EXPECT_EQ(meter.volume(), 0);
}

TEST(AudioLevel, TheScaleSpansSixtyDecibels) {
  EXPECT_EQ(LinearFromMinusDbov(127), 0);
  EXPECT_EQ(LinearFromMinusDbov(60), 0);
  EXPECT_EQ(LinearFromMinusDbov(0), 1);
  EXPECT_LT(LinearFromMinusDbov(40), LinearFromMinusDbov(30));
}

TEST(AudioLevel, FlagsVoiceOverSteadyNoiseOnly) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> noise(-0.01f, 0.01f);
  AudioLevelMeter meter;
  std::vector<float> block(960);
  const auto analyze = [&](double voice) {
    const std::vector<float> tone = Tone(voice);
    for (size_t i = 0; i < block.size(); ++i) block[i] = tone[i] + noise(random);
    return meter.Analyze(block).voice_activity;
  };
  bool voice = false;
  for (int i = 0; i < 500; ++i) voice = analyze(0);
  EXPECT_FALSE(voice) << "noise alone";
  EXPECT_TRUE(analyze(0.2));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(analyze(0)) << "within the hangover";
  for (int i = 0; i < 10; ++i) voice = analyze(0);
  EXPECT_FALSE(voice);
}

TEST(AudioLevel, SurvivesWhatIsNotANumber) {
  AudioLevelMeter meter;
  EXPECT_EQ(meter.Analyze(std::vector<float>(960, std::nanf(""))).minus_dbov, 127);
  meter.Analyze(std::vector<float>(960, std::numeric_limits<float>::infinity()));
  EXPECT_EQ(meter.Analyze(Tone(1.0)).minus_dbov, 3);
  EXPECT_TRUE(std::isfinite(meter.linear()));
}

}  // namespace
}  // namespace ferry
