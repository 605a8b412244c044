#include "core/transport/resend_budget.h"

#include <gtest/gtest.h>

namespace ferry::transport {
namespace {
using namespace literals;

// Bytes that can be taken within a time that begins now, in packets of 1000 each millisecond.
int64_t Taken(ResendBudget& budget, DataRate target, Timestamp from, Duration time) {
  int64_t taken = 0;
  for (Timestamp now = from; now < from + time; now += 1_ms) {
    while (budget.Take(1000, target, now)) taken += 1000;
  }
  return taken;
}

constexpr Timestamp kStart = Timestamp::Millis(1000);

TEST(ResendBudget, IsAShareOfTheTarget) {
  ResendBudget budget;
  // 37 500 bytes a second, and half a second of it at once.
  EXPECT_EQ(Taken(budget, 1_mbps, kStart, 1_ms), 18'000);
  EXPECT_NEAR(static_cast<double>(Taken(budget, 1_mbps, kStart + 1_ms, 2_s)), 75'000, 1000);
}

TEST(ResendBudget, IsNeverNothing) {
  ResendBudget budget;
  Taken(budget, 30_kbps, kStart, 1_ms);
  EXPECT_NEAR(static_cast<double>(Taken(budget, 30_kbps, kStart + 1_ms, 2_s)), 25'000, 1000);
}

TEST(ResendBudget, IsNotSavedUpWhileNothingIsLost) {
  ResendBudget budget;
  Taken(budget, 1_mbps, kStart, 1_ms);
  EXPECT_EQ(Taken(budget, 1_mbps, kStart + 60_s, 1_ms), 18'000);
}

}  // namespace
}  // namespace ferry::transport
