#include "gateway/session/replaced_sessions.h"

#include <gtest/gtest.h>

#include <string>

namespace ferry::gateway {
namespace {

constexpr ResumeTokenHash kToken{1};
constexpr ResumeTokenHash kOther{2};
constexpr Timestamp kNow = Timestamp::Millis(1'000);

TEST(ReplacedSessions, KnowsTheTokensOfASessionAndNoOthers) {
  ReplacedSessions replaced;
  replaced.Add("a", {1, "ann"}, {kToken}, kNow);
  EXPECT_TRUE(replaced.Admits("a", kToken, kNow));
  EXPECT_FALSE(replaced.Admits("a", kOther, kNow));
  EXPECT_FALSE(replaced.Admits("b", kToken, kNow));
}

TEST(ReplacedSessions, ForgetsAfterAWhile) {
  ReplacedSessions replaced;
  replaced.Add("a", {1, "ann"}, {kToken}, kNow);
  EXPECT_TRUE(replaced.Admits("a", kToken, kNow + ReplacedSessions::kMemory - Duration::Millis(1)));
  EXPECT_FALSE(replaced.Admits("a", kToken, kNow + ReplacedSessions::kMemory));
  EXPECT_EQ(replaced.size(), 0u);
}

TEST(ReplacedSessions, NobodyFillsItForOthers) {
  ReplacedSessions replaced;
  replaced.Add("first", {1, "ann"}, {kToken}, kNow);
  for (size_t i = 0; i < 2 * ReplacedSessions::kMaxSessions; ++i) {
    replaced.Add("bob" + std::to_string(i), {1, "bob"}, {kToken}, kNow);
  }
  EXPECT_EQ(replaced.size(), 1 + ReplacedSessions::kMaxSessionsOfUser);
  EXPECT_TRUE(replaced.Admits("first", kToken, kNow));
}

TEST(ReplacedSessions, IsBoundedAndForgetsTheOldest) {
  ReplacedSessions replaced;
  const auto name = [](size_t i) { return "user" + std::to_string(i); };
  for (size_t i = 0; i <= ReplacedSessions::kMaxSessions; ++i) {
    replaced.Add(name(i), {1, name(i)}, {kToken}, kNow);
  }
  EXPECT_EQ(replaced.size(), ReplacedSessions::kMaxSessions);
  EXPECT_FALSE(replaced.Admits(name(0), kToken, kNow));
  EXPECT_TRUE(replaced.Admits(name(1), kToken, kNow));
}

}  // namespace
}  // namespace ferry::gateway
