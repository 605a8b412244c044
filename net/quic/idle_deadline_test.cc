#include "net/quic/idle_deadline.h"

#include <gtest/gtest.h>

namespace ferry::net {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;

// Of an acknowledgement, from the packet's arrival on.
uint64_t Delay(uint64_t arrival, uint64_t rtt, bool in_flight) {
  const uint64_t expiry = arrival + std::min(kMaxAckDelay, rtt / 8);
  return IdleDeadline(expiry, rtt, in_flight) - arrival;
}

TEST(IdleDeadlineTest, TimersFallOnCommonMoments) {
  EXPECT_EQ(IdleDeadline(1'000'000'001, 0, true), 1010 * kMillisecond);
  EXPECT_EQ(IdleDeadline(1'010'000'000, 0, true), 1010 * kMillisecond);
}

TEST(IdleDeadlineTest, AnAcknowledgementWaitsForTheNextFrame) {
  EXPECT_GE(Delay(1000 * kMillisecond, 20 * kMillisecond, false), 30 * kMillisecond);
  EXPECT_LT(Delay(1000 * kMillisecond, 20 * kMillisecond, true), 20 * kMillisecond);
}

TEST(IdleDeadlineTest, NoAcknowledgementIsLaterThanPromised) {
  for (uint64_t rtt = 0; rtt < 1000; ++rtt) {
    for (uint64_t arrival = 1000; arrival < 1010; ++arrival) {
      EXPECT_LE(Delay(arrival * kMillisecond, rtt * kMillisecond, false), kMaxAckDelay) << rtt;
      EXPECT_LE(Delay(arrival * kMillisecond, rtt * kMillisecond, true), kMaxAckDelay) << rtt;
    }
  }
}

}  // namespace
}  // namespace ferry::net
