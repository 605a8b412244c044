#include "core/base/sequence_number.h"

#include <gtest/gtest.h>

namespace ferry {
namespace {

TEST(SequenceNumber, IsNewerAcrossTheWrap) {
  EXPECT_TRUE(IsNewer<uint16_t>(1, 0xFFFF));
  EXPECT_FALSE(IsNewer<uint16_t>(0xFFFF, 1));
  EXPECT_FALSE(IsNewer<uint16_t>(7, 7));
  EXPECT_NE(IsNewer<uint16_t>(0x8000, 0), IsNewer<uint16_t>(0, 0x8000)) << "antisymmetric";
}

TEST(Unwrapper, CountsOnAcrossTheWrapBothWays) {
  Unwrapper<uint16_t> unwrapper;
  EXPECT_EQ(unwrapper.Unwrap(0xFFFE), 0xFFFE);
  EXPECT_EQ(unwrapper.Unwrap(2), 0x10002);
  EXPECT_EQ(unwrapper.Peek(0xFFFF), 0xFFFF);
  EXPECT_EQ(unwrapper.Unwrap(0xFFFF), 0xFFFF) << "reordering steps back";
}

TEST(Unwrapper, WorksForRtpTimestamps) {
  Unwrapper<uint32_t> unwrapper;
  EXPECT_EQ(unwrapper.Unwrap(0xFFFFFF00u), 0xFFFFFF00ll);
  EXPECT_EQ(unwrapper.Unwrap(0x100u), 0x100000100ll);
}

TEST(Unwrapper, StepsBackBelowItsFirstValue) {
  Unwrapper<uint16_t> unwrapper;
  EXPECT_EQ(unwrapper.Unwrap(1), 1);
  EXPECT_EQ(unwrapper.Unwrap(0xFFFF), -1) << "a packet overtaken by the first";
  EXPECT_EQ(unwrapper.Unwrap(0xFFF0), -16);
  EXPECT_EQ(unwrapper.Unwrap(3), 3);
}

TEST(Unwrapper, CountsManyTurns) {
  Unwrapper<uint8_t> unwrapper;
  for (int64_t i = 0; i < 10'000; i += 100) {
    ASSERT_EQ(unwrapper.Unwrap(static_cast<uint8_t>(i)), i);
  }
}

TEST(Unwrapper, BeginsAnewAfterReset) {
  Unwrapper<uint16_t> unwrapper;
  unwrapper.Unwrap(0xFFFF);
  EXPECT_EQ(unwrapper.Unwrap(0), 0x10000);
  unwrapper.Reset();
  EXPECT_EQ(unwrapper.Peek(5), 5);
  EXPECT_EQ(unwrapper.Unwrap(0), 0);
}

}  // namespace
}  // namespace ferry
