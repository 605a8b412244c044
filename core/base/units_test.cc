#include "core/base/units.h"

#include <gtest/gtest.h>

#include <limits>

namespace ferry {
namespace {
using namespace literals;

TEST(Units, ConvertBetweenTheirScales) {
  EXPECT_EQ((20_ms).us(), 20'000);
  EXPECT_EQ((2_s).ms(), 2000);
  EXPECT_DOUBLE_EQ((1500_us).ms_f(), 1.5);
  EXPECT_EQ((3_mbps).bps(), 3'000'000);
}

TEST(Units, TimestampsDifferByDurations) {
  const Timestamp start = Timestamp::Millis(100);
  EXPECT_EQ((start + 20_ms) - start, 20_ms);
  EXPECT_LT(start, start + 1_us);
}

TEST(Units, RateTellsHowLongBytesTake) {
  EXPECT_EQ((1_mbps).TimeFor(1250), 10_ms);
  EXPECT_EQ(DataRate().TimeFor(1), Duration::Infinite());
  EXPECT_EQ((100_mbps).TimeFor(1), 1_us) << "rounded up, never to no time at all";
  EXPECT_EQ((100_mbps).TimeFor(0), 0_us);
}

TEST(Units, DurationsAddAndScale) {
  EXPECT_EQ(20_ms + 5_us, 20'005_us);
  EXPECT_EQ(5_ms - 20_ms, -(15_ms));
  EXPECT_EQ((20_ms) * 1.5, 30_ms);
  EXPECT_EQ((20_ms) * -0.5, -(10_ms));
  EXPECT_EQ((21_ms) / 2, 10'500_us);
  EXPECT_EQ((1_mbps) * 0.85, 850_kbps);
  Duration sum = 1_ms;
  sum += 2_ms;
  sum -= 4_ms;
  EXPECT_EQ(sum, -(1_ms));
  Timestamp time = Timestamp::Millis(5);
  time += 3_ms;
  EXPECT_EQ(time - 10_ms, Timestamp::Millis(-2));
}

TEST(Units, WhatIsInfiniteStaysInfinite) {
  const Timestamp now = Timestamp::Millis(1'763'600'000'000);
  EXPECT_EQ(now + Duration::Infinite(), Timestamp::Infinite());
  EXPECT_EQ(Timestamp::Infinite() - 5_ms, Timestamp::Infinite());
  EXPECT_EQ(Timestamp::Infinite() - now, Duration::Infinite());
  EXPECT_EQ(now - Timestamp::Infinite(), -Duration::Infinite());
  EXPECT_EQ(Duration::Infinite() - 1_s, Duration::Infinite());
  EXPECT_EQ(1_s - Duration::Infinite(), -Duration::Infinite());
  EXPECT_EQ(Duration::Infinite() * 2, Duration::Infinite());
  EXPECT_EQ(Duration::Infinite() * -2, -Duration::Infinite());
}

TEST(Units, SaturateInsteadOfOverflowing) {
  EXPECT_EQ(Duration::Millis(INT64_MAX / 2), Duration::Infinite());
  EXPECT_EQ(Duration::Seconds(INT64_MIN), -Duration::Infinite());
  EXPECT_EQ(Timestamp::Millis(INT64_MAX), Timestamp::Infinite());
  EXPECT_EQ(DataRate::KilobitsPerSec(INT64_MAX).bps(), INT64_MAX);
  const Duration large = Duration::Micros(INT64_MAX - 1);
  EXPECT_EQ(large + large, Duration::Infinite());
  EXPECT_EQ(-large - large, -Duration::Infinite());
  EXPECT_EQ(large * 1e6, Duration::Infinite());
  EXPECT_EQ(-Duration::Micros(INT64_MIN), Duration::Infinite());
  EXPECT_EQ((1_ms) * std::numeric_limits<double>::quiet_NaN(), Duration::Infinite());
  EXPECT_EQ((1_kbps).TimeFor(INT64_MAX), Duration::Micros(INT64_MAX / 1000 + 1));
}

}  // namespace
}  // namespace ferry
