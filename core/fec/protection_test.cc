#include "core/fec/protection.h"

#include <gtest/gtest.h>

namespace ferry::fec {
namespace {
using namespace literals;

TEST(Protection, GrowsWithTheLossUpToABound) {
  Protection before;
  for (const double loss : {0.02, 0.1, 0.3, 0.5}) {
    const Protection now = ProtectionAgainst(loss, 100_ms);
    EXPECT_GT(now.audio, before.audio);
    EXPECT_GT(now.video, before.video);
    EXPECT_GT(now.video, loss / (1 - loss)) << "less cannot give back what is lost";
    before = now;
  }
  EXPECT_EQ(ProtectionAgainst(0.95, 100_ms), ProtectionAgainst(0.7, 100_ms));
  EXPECT_EQ(ProtectionAgainst(0.005, 100_ms), Protection());
}

TEST(ExpectedLoss, IsWhatTheFirstPacketsTell) {
  ExpectedLoss expected;
  expected.Update(10, 5);
  EXPECT_GT(expected.loss(), 0.25);
}

TEST(ExpectedLoss, RisesSoonAndFallsSlowly) {
  ExpectedLoss expected;
  for (int i = 0; i < 20; ++i) expected.Update(20, 0);
  for (int i = 0; i < 5; ++i) expected.Update(20, 6);
  EXPECT_GT(expected.loss(), 0.2);
  for (int i = 0; i < 5; ++i) expected.Update(20, 0);
  EXPECT_GT(expected.loss(), 0.15) << "a second without loss is no end of it";
  for (int i = 0; i < 200; ++i) expected.Update(20, 0);
  EXPECT_LT(expected.loss(), 0.01);
}

TEST(ExpectedLoss, FeedbackOfNothingChangesNothing) {
  ExpectedLoss expected;
  expected.Update(10, 5);
  const double before = expected.loss();
  expected.Update(0, 0);
  EXPECT_EQ(expected.loss(), before);
}

}  // namespace
}  // namespace ferry::fec
