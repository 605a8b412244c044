#include "client/media/simulcast.h"

#include <gtest/gtest.h>

namespace ferry::client {
namespace {

constexpr VideoSize kBox = {320, 180};

TEST(Simulcast, TheSmallPictureFitsIntoItsBoxAndKeepsItsShape) {
  EXPECT_EQ(SmallSize({1280, 720}, kBox), (VideoSize{320, 180}));
  EXPECT_EQ(SmallSize({1920, 1080}, kBox), (VideoSize{320, 180}));
  EXPECT_EQ(SmallSize({854, 480}, kBox), (VideoSize{320, 180}));
  EXPECT_EQ(SmallSize({640, 480}, kBox), (VideoSize{240, 180}));
  EXPECT_EQ(SmallSize({2560, 1080}, kBox), (VideoSize{320, 136}));
  EXPECT_EQ(SmallSize({640, 90}, kBox), (VideoSize{320, 46}));
  EXPECT_EQ(SmallSize({4096, 2}, kBox), (VideoSize{320, 2})) << "nothing has no side";
}

TEST(Simulcast, TheBoxOfAPortraitStandsUpright) {
  EXPECT_EQ(SmallSize({720, 1280}, kBox), (VideoSize{180, 320}));
  EXPECT_EQ(SmallSize({480, 640}, kBox), (VideoSize{180, 240}));
  EXPECT_EQ(SmallSize({720, 1280}, {180, 320}), (VideoSize{180, 320}));
  EXPECT_EQ(SmallSize({1280, 720}, {180, 320}), (VideoSize{320, 180}));
  EXPECT_EQ(SmallSize({600, 600}, kBox), (VideoSize{180, 180}));
}

TEST(Simulcast, APictureThatFitsIntoTheBoxHasNoSmallerOne) {
  EXPECT_EQ(SmallSize({320, 180}, kBox), std::nullopt);
  EXPECT_EQ(SmallSize({180, 320}, kBox), std::nullopt);
  EXPECT_EQ(SmallSize({160, 120}, kBox), std::nullopt);
  EXPECT_EQ(SmallSize({1, 1}, kBox), std::nullopt);
  EXPECT_NE(SmallSize({322, 180}, kBox), std::nullopt);
}

}  // namespace
}  // namespace ferry::client
