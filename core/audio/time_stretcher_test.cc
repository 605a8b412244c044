#include "core/audio/time_stretcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "core/audio/jitter_buffer_sim.h"

namespace ferry {
namespace {

constexpr size_t kHalf = PlayoutBuffer::kHistory;

// A buffer in the middle of `signal`: half of it played, half not.
PlayoutBuffer Midway(const std::vector<float>& signal, int channels = 1) {
  PlayoutBuffer buffer(channels);
  buffer.Append(signal);
  std::vector<float> played(kHalf * static_cast<size_t>(channels));
  buffer.Read(played);
  return buffer;
}

std::vector<float> Noise(size_t samples, float amplitude) {
  std::mt19937 random(9);
  std::uniform_real_distribution<float> value(-amplitude, amplitude);
  std::vector<float> out(samples);
  for (float& s : out) s = value(random);
  return out;
}

float MaxStep(const PlayoutBuffer& buffer) {
  const auto past = buffer.History(1);
  float last = past[0], step = 0;
  for (const float s : buffer.future()) {
    step = std::max(step, std::abs(s - last));
    last = s;
  }
  return step;
}

TEST(TimeStretcher, RemovesAndInsertsWholePeriodsOfATone) {
  // 200 Hz: 240 samples.
  const std::vector<float> tone = MakeTone(2 * kHalf, 200, 0.5);
  PlayoutBuffer shorter = Midway(tone);
  const size_t removed = TimeStretcher::Accelerate(shorter, {});
  EXPECT_GT(removed, 0u);
  EXPECT_LE(removed % 240 == 0 ? 0u : std::min(removed % 240, 240 - removed % 240), 1u);
  EXPECT_EQ(shorter.size(), kHalf - removed);
  PlayoutBuffer longer = Midway(tone);
  const size_t inserted = TimeStretcher::Expand(longer, {});
  EXPECT_GT(inserted, 0u);
  EXPECT_EQ(longer.size(), kHalf + inserted);
  // The tone goes on as before: its steepest step is 0.0131.
  EXPECT_LT(MaxStep(shorter), 0.015f);
  EXPECT_LT(MaxStep(longer), 0.015f);
}

TEST(TimeStretcher, LeavesNoiseAlone) {
  PlayoutBuffer buffer = Midway(Noise(2 * kHalf, 0.3f));
  EXPECT_EQ(TimeStretcher::Accelerate(buffer, {}), 0u);
  EXPECT_EQ(TimeStretcher::Expand(buffer, {}), 0u);
  EXPECT_EQ(buffer.size(), kHalf);
}

TEST(TimeStretcher, CutsQuietSoundAsMuchAsAsked) {
  PlayoutBuffer buffer = Midway(Noise(2 * kHalf, 0.0005f));
  EXPECT_EQ(TimeStretcher::Accelerate(buffer, {.max_lag = 500}), 500u);
  PlayoutBuffer silence = Midway(std::vector<float>(2 * kHalf));
  EXPECT_EQ(TimeStretcher::Expand(silence, {.max_lag = 300}), 300u);
}

TEST(TimeStretcher, NeverChangesByMoreThanAsked) {
  PlayoutBuffer buffer = Midway(MakeTone(2 * kHalf, 400, 0.5));
  const size_t removed = TimeStretcher::Accelerate(buffer, {.max_lag = 250});
  EXPECT_GT(removed, 0u);
  EXPECT_LE(removed, 250u);
  PlayoutBuffer other = Midway(MakeTone(2 * kHalf, 400, 0.5));
  EXPECT_GT(TimeStretcher::Accelerate(other, {.prefer_long = true}), 590u);
}

TEST(TimeStretcher, NeedsEnoughSoundToLookAt) {
  PlayoutBuffer buffer(1);
  buffer.Append(MakeTone(TimeStretcher::kExpandNeeds - 1, 300, 0.5));
  EXPECT_EQ(TimeStretcher::Accelerate(buffer, {}), 0u);
  EXPECT_EQ(TimeStretcher::Expand(buffer, {}), 0u);
}

TEST(TimeStretcher, KeepsStereoChannelsTogether) {
  const std::vector<float> tone = MakeTone(2 * kHalf, 300, 0.5);
  std::vector<float> stereo;
  for (const float s : tone) stereo.insert(stereo.end(), {s, 0.5f * s});
  PlayoutBuffer buffer = Midway(stereo, 2);
  ASSERT_GT(TimeStretcher::Accelerate(buffer, {}), 0u);
  ASSERT_GT(TimeStretcher::Expand(buffer, {}), 0u);
  const auto future = buffer.future();
  for (size_t i = 0; i < future.size(); i += 2) ASSERT_NEAR(future[i + 1], 0.5f * future[i], 1e-6);
}

TEST(TimeStretcher, JoinsSoundOfAnotherPhaseWithoutAStep) {
  const std::vector<float> tone = MakeTone(kHalf, 300, 0.5);
  PlayoutBuffer buffer(1);
  buffer.Append(tone);
  std::vector<float> next = MakeTone(960, 300, -0.5);  // opposite phase
  TimeStretcher::Join(buffer, next);
  buffer.Append(next);
  EXPECT_LT(MaxStep(buffer), 0.025f);
  EXPECT_EQ(next[600], MakeTone(960, 300, -0.5)[600]) << "5 ms on, it is as it was";
}

}  // namespace
}  // namespace ferry
