// The congestion controller on whole paths, in virtual time. The bounds are what was measured with
// several seeds, less a margin.
#include <gtest/gtest.h>

#include <random>

#include "core/transport/testing/congestion_sim.h"

namespace ferry::transport::testing {
namespace {
using namespace literals;

sim::LinkConfig Path(DataRate rate) {
  return {.delay = 25_ms,
          .rate = rate,
          .queue_bytes = static_cast<size_t>(rate.bps() / 8 / 2)};  // half a second
}

class Capacity : public ::testing::TestWithParam<int> {};

TEST_P(Capacity, IsFoundWithinThreeSecondsAndUsedWithoutAQueue) {
  const DataRate capacity = DataRate::KilobitsPerSec(GetParam() * 1000);
  CongestionSim sim({.forward = Path(capacity)});
  const auto found =
      sim.RunUntil([&] { return sim.controller().target() >= capacity * 0.85; }, 3_s);
  ASSERT_TRUE(found);
  sim.Run(3_s);
  const CongestionSimSpan span = sim.Run(60_s);
  EXPECT_GE(span.received, capacity * 0.85);
  EXPECT_GE(span.min_target, capacity * 0.75);
  EXPECT_LE(span.mean_queue, 50_ms);
  EXPECT_LE(span.p95_queue, 80_ms);
}

INSTANTIATE_TEST_SUITE_P(CongestionController, Capacity, ::testing::Values(1, 3, 10),
                         [](const auto& p) { return std::to_string(p.param) + "Mbps"; });

TEST(CongestionController, FallsToASlowLinkBelowItsStart) {
  CongestionSim sim({.forward = Path(300_kbps)});
  ASSERT_TRUE(sim.RunUntil([&] { return sim.controller().target() < 330_kbps; }, 2_s));
  sim.Run(5_s);
  const CongestionSimSpan span = sim.Run(30_s);
  EXPECT_GE(span.received, 300_kbps * 0.75);
  EXPECT_LE(span.p95_queue, 150_ms);
}

TEST(CongestionController, FollowsACapacityDropEmptiesTheQueueAndProbesItsWayBack) {
  const sim::LinkConfig before{.delay = 25_ms, .rate = 3_mbps, .queue_bytes = 256 * 1024};
  sim::LinkConfig narrow = before;
  narrow.rate = 1_mbps;
  CongestionSim sim({.forward = before});
  sim.Run(15_s);
  sim.SetForward(narrow);
  ASSERT_TRUE(sim.RunUntil([&] { return sim.controller().target() < 1_mbps; }, 1_s));
  EXPECT_LE(sim.Run(3_s).max_queue, 800_ms);
  const CongestionSimSpan dropped = sim.Run(10_s);
  EXPECT_GE(dropped.received, 1_mbps * 0.75);
  EXPECT_LE(dropped.max_queue, 150_ms);

  sim.SetForward(before);
  // Additive increase alone would take minutes.
  EXPECT_TRUE(sim.RunUntil([&] { return sim.controller().target() > 3_mbps * 0.85; }, 12_s));
}

TEST(CongestionController, KeepsTheRateWhenThePathLosesPacketsAtAnyRate) {
  for (const uint64_t seed : {1, 2, 3}) {
    for (const double loss : {0.02, 0.1, 0.2}) {
      sim::LinkConfig path = Path(3_mbps);
      path.loss = loss;
      path.seed = seed;
      CongestionSim sim({.forward = path, .backward = {.delay = 25_ms, .loss = loss}});
      sim.Run(10_s);
      const CongestionSimSpan span = sim.Run(60_s);
      // What is sent, of which the path takes its share.
      EXPECT_GE(span.received, 3_mbps * (1 - loss) * 0.6) << loss << ", seed " << seed;
      EXPECT_LE(span.p95_queue, 100_ms) << loss << ", seed " << seed;
    }
  }
}

TEST(CongestionController, DoesNotCollapseWhenHalfOfAllPacketsAreLostBothWays) {
  sim::LinkConfig path = Path(3_mbps);
  path.loss = 0.5;
  CongestionSim sim({.forward = path, .backward = {.delay = 25_ms, .loss = 0.5}});
  sim.Run(10_s);
  EXPECT_GE(sim.Run(60_s).received, 500_kbps);
}

TEST(CongestionController, KeepsTheRateUnderJitter) {
  for (const uint64_t seed : {1, 2, 3}) {
    sim::LinkConfig path = Path(3_mbps);
    path.jitter = 50_ms;
    path.seed = seed;
    CongestionSim sim({.forward = path});
    sim.Run(10_s);
    const CongestionSimSpan span = sim.Run(60_s);
    EXPECT_GE(span.received, 3_mbps * 0.7) << "seed " << seed;
    EXPECT_LE(span.mean_queue, 100_ms) << "half of it is the jitter's; seed " << seed;
  }
}

TEST(CongestionController, KeepsTheRateWhereThreadsWaitForTheProcessorAndTheLinkIsIdle) {
  const sim::LinkConfig path = Path(20_mbps);
  sim::LinkConfig stalled = path;
  stalled.delay += 60_ms;
  CongestionSim sim({.forward = path, .video = 1_mbps});
  sim.Run(3_s);
  std::mt19937_64 random(1);
  for (int i = 0; i < 200; ++i) {
    sim.Run(Duration::Millis(100 + static_cast<int64_t>(random() % 200)));
    sim.SetForward(stalled);
    EXPECT_GE(sim.Run(40_ms).min_target, 1_mbps) << i;
    sim.SetForward(path);
  }
}

TEST(CongestionController, LimitsTheRateWhereAShallowQueueDropsWithoutDelay) {
  // 40 ms of queue: delay hardly tells.
  sim::LinkConfig path = Path(2_mbps);
  path.queue_bytes = 10'000;
  CongestionSim sim({.forward = path});
  sim.Run(15_s);
  const CongestionSimSpan span = sim.Run(60_s);
  EXPECT_LE(span.lost, 0.15);
  EXPECT_GE(span.received, 2_mbps * 0.6);
}

TEST(CongestionController, MakesRoomForACompetingStreamAndTakesItBack) {
  CongestionSim sim({.forward = Path(3_mbps)});
  sim.Run(15_s);
  sim.SetCompeting(1500_kbps);
  sim.Run(4_s);
  const CongestionSimSpan shared = sim.Run(15_s);
  EXPECT_GE(shared.received, 1_mbps);
  EXPECT_LE(shared.p95_queue, 120_ms);
  sim.SetCompeting({});
  EXPECT_TRUE(sim.RunUntil([&] { return sim.controller().target() > 3_mbps * 0.85; }, 12_s));
}

TEST(CongestionController, KeepsTheEstimateWhileOnlyAudioIsSent) {
  sim::LinkConfig path = Path(3_mbps);
  path.jitter = 30_ms;
  path.loss = 0.05;
  CongestionSim sim({.forward = path, .video = {}});
  EXPECT_GE(sim.Run(120_s).min_target, 500_kbps);
  // So that video need not begin from nothing.
  sim.SetVideo(2_mbps);
  EXPECT_TRUE(sim.RunUntil([&] { return sim.controller().target() >= 1800_kbps; }, 15_s));
}

TEST(CongestionController, SurvivesTwoSecondsWithoutFeedback) {
  CongestionSim sim({.forward = Path(3_mbps)});
  sim.Run(10_s);
  const DataRate before = sim.controller().target();
  sim.DropFeedback(true);
  sim.Run(2_s);
  EXPECT_LT(sim.controller().target(), before * 0.85) << "it may be the path that is gone";
  sim.DropFeedback(false);
  EXPECT_TRUE(sim.RunUntil([&] { return sim.controller().target() > before * 0.9; }, 500_ms));
  EXPECT_GE(sim.Run(10_s).min_target, 3_mbps * 0.75);
}

TEST(CongestionController, DoesNotMindAThirdOfTheFeedbackLost) {
  CongestionSim sim({.forward = Path(3_mbps), .backward = {.delay = 25_ms, .loss = 0.33}});
  sim.Run(5_s);
  const CongestionSimSpan span = sim.Run(60_s);
  EXPECT_GE(span.received, 3_mbps * 0.85);
  EXPECT_LE(span.p95_queue, 80_ms);
}

TEST(CongestionController, DoesNotMindReorderedAndDuplicatedFeedback) {
  CongestionSim sim(
      {.forward = Path(3_mbps),
       .backward = {.delay = 25_ms, .jitter = 250_ms, .duplicate = 0.2, .reorder = true}});
  sim.Run(5_s);
  const CongestionSimSpan span = sim.Run(60_s);
  EXPECT_GE(span.received, 3_mbps * 0.75);
  EXPECT_LE(span.p95_queue, 150_ms);
  EXPECT_GT(sim.controller().stats().repeated, 0u);
}

TEST(CongestionController, SurvivesJumpsOfTheReceiversClock) {
  for (const Duration jump : {5_s, -Duration::Seconds(5), 100'000_s, -Duration::Seconds(40'000)}) {
    CongestionSim sim({.forward = Path(3_mbps)});
    sim.Run(10_s);
    sim.JumpReceiverClock(jump);
    EXPECT_GE(sim.Run(5_s).min_target, 3_mbps * 0.7);
    EXPECT_EQ(sim.controller().stats().clock_jumps, 1u);
  }
}

TEST(CongestionController, CountsOnAcrossTheWrapOfSequenceNumbers) {
  CongestionSim sim({.forward = Path(3_mbps), .first_sequence_number = 0xFFF0});
  sim.Run(5_s);
  EXPECT_GE(sim.Run(10_s).received, 3_mbps * 0.8);
  EXPECT_EQ(sim.controller().stats().unknown, 0u);
  EXPECT_EQ(sim.controller().stats().clock_jumps, 0u);
}

}  // namespace
}  // namespace ferry::transport::testing
