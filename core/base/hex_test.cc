#include "core/base/hex.h"

#include <gtest/gtest.h>

#include <array>

namespace ferry {
namespace {

TEST(Hex, TwoLowerCaseDigitsAByte) {
  EXPECT_EQ(Hex({}), "");
  EXPECT_EQ(Hex(std::array<uint8_t, 4>{0x00, 0x0A, 0xF0, 0xFF}), "000af0ff");
}

}  // namespace
}  // namespace ferry
