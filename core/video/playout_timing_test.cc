#include "core/video/playout_timing.h"

#include <gtest/gtest.h>

#include <random>

namespace ferry::video {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(1'700'000'000'000);
constexpr Duration kFrame = Duration::Micros(33'333);

// Frame n with the given network delay.
void Deliver(PlayoutTiming& timing, int n, Duration delay) {
  timing.OnFrame(static_cast<uint32_t>(n * 3000), kStart + kFrame * n + delay);
}

TEST(PlayoutTiming, ShowsTheFirstFrameAtOnce) {
  PlayoutTiming timing;
  Deliver(timing, 0, 40_ms);
  EXPECT_EQ(timing.ReleaseTime(0), kStart + 40_ms);
}

TEST(PlayoutTiming, AddsNothingToAnEvenNetwork) {
  PlayoutTiming timing;
  for (int n = 0; n < 300; ++n) Deliver(timing, n, 40_ms);
  EXPECT_LT(timing.TargetDelay(), 1_ms);
}

TEST(PlayoutTiming, CoversTheUsualJitterAndForgetsItSlowly) {
  PlayoutTiming timing;
  std::mt19937 random(1);
  std::uniform_int_distribution<int> jitter(0, 30'000);
  int n = 0;
  for (; n < 300; ++n) Deliver(timing, n, Duration::Micros(jitter(random)));
  EXPECT_NEAR(timing.TargetDelay().ms_f(), 28, 3);
  for (const int end = n + 30; n < end; ++n) Deliver(timing, n, 5_ms);
  EXPECT_GT(timing.TargetDelay(), 15_ms);
  for (const int end = n + 400; n < end; ++n) Deliver(timing, n, 5_ms);
  EXPECT_LT(timing.TargetDelay(), 6_ms);
}

TEST(PlayoutTiming, GivesTheDelayOfACongestionBackWithinSeconds) {
  for (const int every : {1, 2, 6}) {  // at 30, 15 and 5 frames per second
    PlayoutTiming timing;
    int n = 0;
    const auto deliver = [&](Duration time, Duration delay) {
      for (const int end = n + static_cast<int>(time.ms() * 30 / 1000); n < end; n += every) {
        Deliver(timing, n, delay);
      }
    };
    deliver(10_s, 40_ms);
    deliver(2_s, 840_ms);
    EXPECT_NEAR(timing.TargetDelay().ms_f(), 800, 1);
    deliver(4500_ms, 40_ms);
    EXPECT_GT(timing.TargetDelay(), 500_ms) << "the window's 4 s, and no jump";
    deliver(4500_ms, 40_ms);
    EXPECT_LT(timing.TargetDelay(), 30_ms);
  }
}

TEST(PlayoutTiming, OneLateFrameInAHundredIsNotWaitedFor) {
  PlayoutTiming timing;
  for (int n = 0; n < 500; ++n) Deliver(timing, n, n % 100 == 99 ? 200_ms : 10_ms);
  EXPECT_LT(timing.TargetDelay(), 20_ms);
}

TEST(PlayoutTiming, FollowsAClockThatDrifts) {
  PlayoutTiming timing;
  // The publisher's clock is 500 ppm slow for two minutes: 60 ms in all.
  for (int n = 0; n < 3600; ++n) Deliver(timing, n, Duration::Micros(n * 17));
  const Timestamp arrival = kStart + kFrame * 3599 + Duration::Micros(3599 * 17);
  EXPECT_LT(timing.ReleaseTime(3599 * 3000) - arrival, 10_ms);
  EXPECT_LT(timing.TargetDelay(), 10_ms);
}

TEST(PlayoutTiming, KeepsTheMinimumOfSyncAndTheMaximumOfThePage) {
  PlayoutTiming timing;
  timing.SetMinimumDelay(80_ms);
  for (int n = 0; n < 10; ++n) Deliver(timing, n, 20_ms);
  EXPECT_EQ(timing.TargetDelay(), 80_ms);
  timing.SetMaximumDelay(50_ms);
  EXPECT_EQ(timing.TargetDelay(), 50_ms);
}

TEST(PlayoutTiming, StartsAnewWhenTheSenderDoes) {
  PlayoutTiming timing;
  for (int n = 0; n < 10; ++n) Deliver(timing, n, 20_ms);
  timing.OnFrame(3'000'000'000u, kStart + 1_s);
  EXPECT_EQ(timing.ReleaseTime(3'000'000'000u), kStart + 1_s);
}

}  // namespace
}  // namespace ferry::video
