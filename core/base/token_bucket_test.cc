#include "core/base/token_bucket.h"

#include <gtest/gtest.h>

namespace ferry {
namespace {

TEST(TokenBucket, GivesItsBurstAndThenItsRate) {
  TokenBucket bucket(10, 3);
  Timestamp now = Timestamp::Millis(5'000);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.Take(1, now));
  EXPECT_FALSE(bucket.Take(1, now));
  now = now + Duration::Millis(100);
  EXPECT_TRUE(bucket.Holds(1, now));
  EXPECT_TRUE(bucket.Take(1, now));
  EXPECT_FALSE(bucket.Take(1, now));
}

TEST(TokenBucket, SavesNoMoreThanItsBurst) {
  TokenBucket bucket(10, 3);
  Timestamp now = Timestamp::Millis(5'000);
  EXPECT_TRUE(bucket.Take(3, now));
  now = now + Duration::Seconds(60);
  EXPECT_TRUE(bucket.Take(3, now));
  EXPECT_FALSE(bucket.Take(0.5, now));
}

TEST(TokenBucket, TakesNothingWhenItHoldsTooLittle) {
  TokenBucket bucket(1, 3);
  const Timestamp now = Timestamp::Millis(5'000);
  EXPECT_FALSE(bucket.Take(4, now));
  EXPECT_TRUE(bucket.Take(3, now));
}

}  // namespace
}  // namespace ferry
