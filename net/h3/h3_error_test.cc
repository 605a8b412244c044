#include "net/h3/h3_error.h"

#include <gtest/gtest.h>

namespace ferry::net {
namespace {

TEST(H3ErrorTest, MapsAWebTransportCodeThereAndBack) {
  for (const uint32_t code :
       {0u, 1u, 17u, 29u, 30u, 31u, 59u, 60u, 4242u, 0xffff'fffeu, 0xffff'ffffu}) {
    EXPECT_EQ(FromHttp3Code(ToHttp3Code(code)), code);
  }
  EXPECT_EQ(ToHttp3Code(0), 0x52e4a40fa8dbu);
  EXPECT_EQ(ToHttp3Code(0xffff'ffff), 0x52e5ac983162u);
}

TEST(H3ErrorTest, NeverUsesACodePointReservedForGreasing) {
  for (uint32_t code = 0; code < 100; ++code) EXPECT_NE((ToHttp3Code(code) - 0x21) % 0x1f, 0u);
}

TEST(H3ErrorTest, KnowsCodesThatAreNoApplications) {
  EXPECT_EQ(FromHttp3Code(Code(H3Error::kWtSessionGone)), std::nullopt);
  EXPECT_EQ(FromHttp3Code(0), std::nullopt);
  EXPECT_EQ(FromHttp3Code(ToHttp3Code(0) - 1), std::nullopt);
  EXPECT_EQ(FromHttp3Code(ToHttp3Code(0xffff'ffff) + 1), std::nullopt);
  EXPECT_EQ(FromHttp3Code(ToHttp3Code(29) + 1), std::nullopt);  // the one that is left out
}

}  // namespace
}  // namespace ferry::net
