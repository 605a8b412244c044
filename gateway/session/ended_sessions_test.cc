#include "gateway/session/ended_sessions.h"

#include <gtest/gtest.h>

#include <string>

namespace ferry::gateway {
namespace {

constexpr ResumeTokenHash kToken{1};
constexpr ResumeTokenHash kOther{2};
constexpr EndedSessions::How kHow = EndedSessions::How::kReplaced;
constexpr Timestamp kNow = Timestamp::Millis(1'000);

TEST(EndedSessions, KnowsTheTokensOfASessionAndNoOthers) {
  EndedSessions ended;
  ended.Add("a", {{1, "ann"}, kHow}, {kToken}, kNow);
  EXPECT_TRUE(ended.Find("a", kToken, kNow));
  EXPECT_FALSE(ended.Find("a", kOther, kNow));
  EXPECT_FALSE(ended.Find("b", kToken, kNow));
}

TEST(EndedSessions, SaysWhoseItWasAndHowItEnded) {
  EndedSessions ended;
  ended.Add("a", {{1, "ann"}, EndedSessions::How::kTimedOut}, {kOther, kToken}, kNow);
  const auto found = ended.Find("a", kToken, kNow);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, EndedSessions::UserKey(1, "ann"));
  EXPECT_EQ(found->how, EndedSessions::How::kTimedOut);
}

TEST(EndedSessions, ForgetsAfterAWhile) {
  EndedSessions ended;
  ended.Add("a", {{1, "ann"}, kHow}, {kToken}, kNow);
  EXPECT_TRUE(ended.Find("a", kToken, kNow + EndedSessions::kMemory - Duration::Millis(1)));
  EXPECT_FALSE(ended.Find("a", kToken, kNow + EndedSessions::kMemory));
  EXPECT_EQ(ended.size(), 0u);
}

TEST(EndedSessions, NobodyFillsItForOthers) {
  EndedSessions ended;
  ended.Add("first", {{1, "ann"}, kHow}, {kToken}, kNow);
  for (size_t i = 0; i < 2 * EndedSessions::kMaxSessions; ++i) {
    ended.Add("bob" + std::to_string(i), {{1, "bob"}, kHow}, {kToken}, kNow);
  }
  EXPECT_EQ(ended.size(), 1 + EndedSessions::kMaxSessionsOfUser);
  EXPECT_TRUE(ended.Find("first", kToken, kNow));
}

TEST(EndedSessions, IsBoundedAndForgetsTheOldest) {
  EndedSessions ended;
  const auto name = [](size_t i) { return "user" + std::to_string(i); };
  for (size_t i = 0; i <= EndedSessions::kMaxSessions; ++i) {
    ended.Add(name(i), {{1, name(i)}, kHow}, {kToken}, kNow);
  }
  EXPECT_EQ(ended.size(), EndedSessions::kMaxSessions);
  EXPECT_FALSE(ended.Find(name(0), kToken, kNow));
  EXPECT_TRUE(ended.Find(name(1), kToken, kNow));
}

}  // namespace
}  // namespace ferry::gateway
