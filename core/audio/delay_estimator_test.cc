#include "core/audio/delay_estimator.h"

#include <gtest/gtest.h>

#include <functional>

namespace ferry {
namespace {

using namespace literals;

// Feeds packets of 20 ms from `first` on, each `delay(n)` late.
void Feed(DelayEstimator& estimator, int first, int count,
          const std::function<Duration(int)>& delay) {
  for (int n = first; n < first + count; ++n) {
    estimator.OnPacket(Timestamp::Millis(1000 + 20 * n) + delay(n), 960 * n);
  }
}
Duration OnTime(int) { return 30_ms; }

TEST(DelayEstimator, AsksForLittleWhenPacketsAreOnTime) {
  DelayEstimator estimator;
  EXPECT_FALSE(estimator.EarliestArrival(0));
  Feed(estimator, 0, 1, OnTime);
  EXPECT_EQ(estimator.Target(), 40_ms) << "before it knows the network";
  Feed(estimator, 1, 200, OnTime);
  EXPECT_EQ(estimator.Target(), 5_ms);
  EXPECT_EQ(estimator.EarliestArrival(960 * 300), Timestamp::Millis(1000 + 20 * 300 + 30));
}

TEST(DelayEstimator, ABadFirstSecondIsSoonForgotten) {
  DelayEstimator estimator;
  // The page compiles its code: packets are held up by as much as 600 ms.
  Feed(estimator, 0, 1, OnTime);
  Feed(estimator, 1, 49, [](int n) { return Duration::Millis(30 + 600 - 12 * n); });
  EXPECT_GE(estimator.Target(), 300_ms);
  Feed(estimator, 50, 75, OnTime);
  EXPECT_LE(estimator.Target(), 10_ms) << "a second and a half later";
}

TEST(DelayEstimator, ABadMomentSoonAfterTheStartIsForgottenInSeconds) {
  DelayEstimator estimator;
  Feed(estimator, 0, 100, OnTime);
  Feed(estimator, 100, 20, [](int) { return 230_ms; });
  Feed(estimator, 120, 300, OnTime);
  EXPECT_LE(estimator.Target(), 10_ms) << "six seconds later";
}

TEST(DelayEstimator, MeasuresAgainstTheFastestOfTheLastSeconds) {
  DelayEstimator estimator;
  Feed(estimator, 0, 100, OnTime);
  EXPECT_EQ(estimator.OnPacket(Timestamp::Millis(1000 + 2000 + 70), 960 * 100), 40_ms);
  EXPECT_EQ(estimator.OnPacket(Timestamp::Millis(1000 + 2020 + 25), 960 * 101), 0_ms);
  // A longer path becomes the measure once the old is forgotten.
  Feed(estimator, 102, 150, [](int) { return 90_ms; });
  EXPECT_EQ(estimator.OnPacket(Timestamp::Millis(1000 + 20 * 252 + 90), 960 * 252), 0_ms);
}

TEST(DelayEstimator, CoversRegularJitter) {
  DelayEstimator estimator;
  Feed(estimator, 0, 500, [](int n) { return n % 10 == 0 ? 72_ms : 30_ms; });
  EXPECT_GE(estimator.Target(), 42_ms);
  EXPECT_LE(estimator.Target(), 50_ms);
}

TEST(DelayEstimator, OneOutlierDoesNotCount) {
  DelayEstimator estimator;
  Feed(estimator, 0, 1000, OnTime);
  Feed(estimator, 1000, 1, [](int) { return 400_ms; });
  Feed(estimator, 1001, 50, OnTime);
  EXPECT_EQ(estimator.Target(), 5_ms);
}

TEST(DelayEstimator, RepeatedLatenessCountsAtOnce) {
  DelayEstimator estimator;
  Feed(estimator, 0, 1000, OnTime);
  Feed(estimator, 1000, 20, [](int n) { return n == 1002 || n == 1012 ? 110_ms : 30_ms; });
  EXPECT_EQ(estimator.Target(), 80_ms) << "within 400 ms";
  Feed(estimator, 1020, 1500, OnTime);
  EXPECT_EQ(estimator.Target(), 5_ms) << "and is forgotten";
}

TEST(DelayEstimator, ALittleLatenessDoesNotBringBackAnOldPeak) {
  DelayEstimator estimator;
  Feed(estimator, 0, 1000, OnTime);
  Feed(estimator, 1000, 20, [](int n) { return n == 1002 || n == 1012 ? 830_ms : 30_ms; });
  EXPECT_EQ(estimator.Target(), 800_ms);
  Feed(estimator, 1020, 1000, OnTime);
  EXPECT_EQ(estimator.Target(), 5_ms);
  Feed(estimator, 2020, 20, [](int n) { return n == 2022 || n == 2032 ? 70_ms : 30_ms; });
  EXPECT_EQ(estimator.Target(), 40_ms);
}

TEST(DelayEstimator, OutOfRangeDelaysAreBounded) {
  DelayEstimator estimator;
  Feed(estimator, 0, 100, OnTime);
  Feed(estimator, 100, 100, [](int n) { return n % 2 == 0 ? Duration::Seconds(60) : 30_ms; });
  Feed(estimator, 200, 1000, OnTime);
  EXPECT_LE(estimator.Target(), Duration::Seconds(61));
  estimator.Reset();
  EXPECT_FALSE(estimator.EarliestArrival(0));
}

}  // namespace
}  // namespace ferry
