#include "core/base/units.h"

#include <gtest/gtest.h>

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
}

}  // namespace
}  // namespace ferry
