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

}  // namespace
}  // namespace ferry
