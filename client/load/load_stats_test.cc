#include "client/load/load_stats.h"

#include <gtest/gtest.h>

#include "client/load/load_plan.h"

namespace ferry::client {
namespace {

TEST(Histogram, QuantilesAreExactToAThirtySecond) {
  Histogram histogram;
  for (int us = 1; us <= 100'000; ++us) histogram.Record(Duration::Micros(us));
  for (const double q : {0.01, 0.5, 0.95, 0.99}) {
    const double exact = q * 100'000;
    const auto told = static_cast<double>(histogram.Quantile(q)->us());
    EXPECT_GE(told, exact);
    EXPECT_LE(told, exact * (1 + 1.0 / 32) + 1) << q;
  }
  EXPECT_EQ(histogram.Quantile(1), Duration::Millis(100));
  EXPECT_EQ(histogram.max(), Duration::Millis(100));
}

TEST(Histogram, TakesWhatIsOutOfItsRange) {
  Histogram histogram;
  EXPECT_FALSE(histogram.Quantile(0.5));
  histogram.Record(-Duration::Seconds(1));
  EXPECT_EQ(histogram.Quantile(1), Duration::Zero());
  histogram.Record(Duration::Infinite());
  EXPECT_EQ(histogram.Quantile(1), Duration::Micros(Histogram::kMaxMicros));
}

TEST(LoadStats, KeepsFewReasonsAndCountsAll) {
  LoadStats stats;
  for (int i = 0; i < 100; ++i) stats.Fail("reason " + std::to_string(i));
  EXPECT_EQ(stats.failed, 100u);
  EXPECT_EQ(stats.failures.size(), LoadStats::kMaxReasons + 1);
  EXPECT_EQ(stats.failures["other"], 100 - LoadStats::kMaxReasons);
}

TEST(LoadPlan, SpeakersTakeTurns) {
  LoadPlan plan{.audio_publishers = 5, .speakers = 2, .speaking_turn = Duration::Seconds(1)};
  std::vector<int> turns(5);
  for (int second = 0; second < 5; ++second) {
    int loud = 0;
    for (int place = 0; place < 5; ++place) {
      if (!IsLoud(plan, place, Timestamp::Millis(1000 * second + 500))) continue;
      ++loud;
      ++turns[static_cast<size_t>(place)];
    }
    EXPECT_EQ(loud, 2);
  }
  EXPECT_EQ(turns, std::vector<int>(5, 2));
}

}  // namespace
}  // namespace ferry::client
