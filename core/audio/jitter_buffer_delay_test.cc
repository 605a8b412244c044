// How the jitter buffer's delay follows the network.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>

#include "core/audio/jitter_buffer.h"
#include "core/audio/jitter_buffer_sim.h"

namespace ferry {
namespace {

using namespace literals;

std::optional<Duration> Steady(int) { return 30_ms; }

// Uniform jitter up to `greatest`, the same on every run.
JitterBufferSim::Network Jittery(Duration greatest) {
  return [greatest, random = std::mt19937(11)](int) mutable -> std::optional<Duration> {
    return 30_ms + Duration::Micros(static_cast<int64_t>(random() % greatest.us()));
  };
}

TEST(JitterBufferDelay, StaysLowOnACleanNetwork) {
  JitterBufferSim sim({});
  sim.Run(1000, Steady);
  EXPECT_EQ(sim.stats().concealed_samples, 0u);
  EXPECT_LT(sim.MeanDelay(500), 25_ms);
  EXPECT_LE(sim.buffer().BufferedDuration(), 40_ms);
  // What a listener notices of the way there: at most two pitch periods.
  EXPECT_LT(sim.stats().removed_samples_for_acceleration, 40u * 48u);
}

TEST(JitterBufferDelay, StaysLowUnderALittleJitter) {
  JitterBufferSim sim({});
  sim.Run(2000, Jittery(10_ms));
  EXPECT_EQ(sim.stats().concealed_samples, 0u);
  EXPECT_LT(sim.MeanDelay(1000), 32_ms);
}

TEST(JitterBufferDelay, ABurstOfJitterRaisesTheTargetAndItFallsLater) {
  JitterBufferSim sim({});
  sim.Run(500, Steady);
  EXPECT_LT(sim.buffer().TargetDelay(), 30_ms);
  sim.Run(100, Jittery(100_ms));
  EXPECT_GT(sim.buffer().TargetDelay(), 60_ms) << "within two seconds";
  const uint64_t concealed = sim.stats().concealed_samples;
  sim.Run(150, Jittery(100_ms));
  EXPECT_LT(sim.stats().concealed_samples - concealed, 48'000u / 50) << "under 20 ms of 3 s";
  sim.Run(2500, Steady);
  EXPECT_LT(sim.buffer().TargetDelay(), 30_ms);
  EXPECT_LT(sim.MeanDelay(100), 40_ms);
}

TEST(JitterBufferDelay, AStallIsCaughtUpByPlayingFaster) {
  JitterBufferSim sim({});
  sim.Run(500, Steady);
  // 500 ms nothing, then all of it at once.
  sim.Run(25, [](int n) { return 30_ms + 20_ms * (525 - n); });
  sim.Run(10, Steady);
  EXPECT_GT(sim.pulls().back().delay, 300_ms) << "the words held up are played";
  sim.Run(140, Steady);
  EXPECT_LT(sim.pulls().back().delay, 40_ms) << "within three seconds";
  EXPECT_LT(sim.buffer().TargetDelay(), 40_ms) << "one stall is not the network's nature";
  EXPECT_EQ(sim.stats().packets_discarded, 0u);
  EXPECT_GT(sim.stats().removed_samples_for_acceleration, 400u * 48u);
}

TEST(JitterBufferDelay, AVeryLongStallIsSkipped) {
  JitterBufferSim sim({});
  sim.Run(500, Steady);
  sim.Run(100, [](int n) { return 30_ms + 20_ms * (600 - n); });
  sim.Run(10, Steady);
  EXPECT_LT(sim.pulls().back().delay, 60_ms);
  EXPECT_GT(sim.stats().packets_discarded, 80u);
}

TEST(JitterBufferDelay, FollowsADriftingClockForMinutes) {
  for (const double drift : {200e-6, -200e-6}) {
    JitterBufferSim sim({.sender_drift = drift});
    sim.Run(5 * 60 * 50, Jittery(3_ms));  // 60 ms of drift
    EXPECT_EQ(sim.stats().concealed_samples, 0u) << drift;
    EXPECT_EQ(sim.stats().packets_late, 0u);
    EXPECT_LT(sim.MeanDelay(1000), 32_ms);
    const int64_t change = static_cast<int64_t>(sim.stats().removed_samples_for_acceleration) -
                           static_cast<int64_t>(sim.stats().inserted_samples_for_deceleration);
    EXPECT_NEAR(static_cast<double>(change) / 48, drift * 300'000 + 20, 25);
  }
}

TEST(JitterBufferDelay, ALateMomentCostsTheMomentNotDelay) {
  // Pulls such that the delay is in the upper part of what is left alone.
  JitterBufferSim sim({.fec_loss_percent = 0, .pull_phase = 8_ms, .buffer = {.min_delay = 60_ms}});
  sim.Run(800, Steady);
  const Duration before = sim.pulls().back().delay;
  // One packet 5 ms too late, with those after it behind it, as in TCP.
  sim.Run(50, [&](int n) -> std::optional<Duration> {
    if (n < 810) return 30_ms;
    return std::max(30_ms, 30_ms + before + 5_ms - 20_ms * (n - 810));
  });
  EXPECT_EQ(sim.stats().concealed_samples, kAudioFrameSamples);
  EXPECT_EQ(sim.stats().removed_samples_for_acceleration, 0u);
  EXPECT_NEAR(sim.pulls().back().delay.ms_f(), before.ms_f(), 1);
}

TEST(JitterBufferDelay, APacketOvertakenAndLateDoesNotAddDelay) {
  for (const Duration late : {5_ms, 25_ms}) {
    JitterBufferSim sim({.fec_loss_percent = 0, .buffer = {.min_delay = 60_ms}});
    sim.Run(800, Steady);
    const Duration before = sim.pulls().back().delay;
    sim.Run(50, [&](int n) -> std::optional<Duration> {
      if (n == 811) return std::nullopt;
      return n == 810 ? 30_ms + before + late : 30_ms;
    });
    EXPECT_NEAR(sim.pulls().back().delay.ms_f(), before.ms_f(), 1);
    EXPECT_EQ(sim.stats().removed_samples_for_acceleration, 0u);
    // 10 ms of the late one and all of the lost one; or both whole.
    EXPECT_EQ(sim.stats().concealed_samples, late < 20_ms ? 480u + 960u : 2 * 960u);
    EXPECT_EQ(sim.stats().packets_late, late < 20_ms ? 0u : 1u);
  }
}

TEST(JitterBufferDelay, ALossIsAChanceToCatchUp) {
  JitterBufferSim sim({.fec_loss_percent = 0, .buffer = {.min_delay = 200_ms}});
  sim.Run(300, Steady);
  sim.buffer().SetMinimumDelay(0_ms);
  sim.Run(10, [](int n) { return n < 303 ? std::nullopt : Steady(n); });
  sim.Run(50, Steady);
  EXPECT_LT(sim.stats().concealed_samples, 2 * 960u) << "of three packets lost";
}

TEST(JitterBufferDelay, HoldsTheMinimumDelay) {
  JitterBufferSim sim({.buffer = {.min_delay = 200_ms}});
  sim.Run(250, Steady);
  EXPECT_EQ(sim.stats().concealed_samples, 0u);
  EXPECT_NEAR(sim.MeanDelay(100).ms_f(), 200, 15);
  sim.buffer().SetMinimumDelay(350_ms);
  sim.Run(200, Steady);
  EXPECT_NEAR(sim.MeanDelay(50).ms_f(), 350, 20);
  sim.buffer().SetMinimumDelay(0_ms);
  sim.Run(250, Steady);
  EXPECT_LT(sim.MeanDelay(50), 40_ms);
  EXPECT_EQ(sim.stats().concealed_samples, 0u) << "both ways by stretching alone";
}

TEST(JitterBufferDelay, HoldsTheMaximumDelay) {
  JitterBufferSim sim({.buffer = {.max_delay = 60_ms}});
  sim.Run(1000, Jittery(200_ms));
  EXPECT_EQ(sim.buffer().TargetDelay(), 60_ms);
}

TEST(JitterBufferDelay, KeepsEnoughForPullsThatComeInBunches) {
  JitterBufferSim sim({});
  // Eight at a time, every 80 ms.
  sim.SetPullJitter([](int n) { return -10_ms * (n % 8); });
  sim.Run(1000, Jittery(3_ms));
  EXPECT_EQ(sim.stats().concealed_samples, 0u);
  EXPECT_GE(sim.buffer().TargetDelay(), 35_ms) << "the earliest of a bunch is 35 ms early";
  EXPECT_LT(sim.MeanDelay(500), 65_ms);
}

TEST(JitterBufferDelay, StretchingDoesNotClick) {
  JitterBufferSim sim({.tone = true, .buffer = {.min_delay = 200_ms}});
  sim.Run(100, Steady);
  sim.buffer().SetMinimumDelay(0_ms);
  sim.Run(250, Steady);
  sim.buffer().SetMinimumDelay(200_ms);
  sim.Run(250, Steady);
  EXPECT_GT(sim.stats().removed_samples_for_acceleration, 150u * 48u);
  EXPECT_GT(sim.stats().inserted_samples_for_deceleration, 150u * 48u);
  // The tone itself has steps of 0.0208.
  EXPECT_LT(sim.MaxStep(0), 0.028f);
}

TEST(JitterBufferDelay, ReportsTheDelayOfWhatItEmits) {
  JitterBufferSim sim({.buffer = {.min_delay = 100_ms}});
  sim.Run(500, Steady);
  const JitterBufferStats& stats = sim.stats();
  const double mean_ms =
      stats.jitter_buffer_delay.ms_f() / static_cast<double>(stats.jitter_buffer_emitted_count);
  EXPECT_NEAR(mean_ms, 100, 15);
}

}  // namespace
}  // namespace ferry
