#include "core/transport/acknowledged_bitrate.h"

#include <gtest/gtest.h>

namespace ferry::transport {
namespace {
using namespace literals;

// Packets of 1000 bytes, one each `spacing`.
void Receive(AcknowledgedBitrate& bitrate, Timestamp& now, Duration time, Duration spacing) {
  for (const Timestamp end = now + time; now < end; now += spacing) bitrate.OnPacket(now, 1000);
}

TEST(AcknowledgedBitrate, IsUnknownBeforeTheFirstWindowIsOver) {
  AcknowledgedBitrate bitrate;
  Timestamp now;
  Receive(bitrate, now, AcknowledgedBitrate::kFirstWindow, 10_ms);
  EXPECT_FALSE(bitrate.rate());
  bitrate.OnPacket(now, 1000);
  ASSERT_TRUE(bitrate.rate());
  EXPECT_EQ(*bitrate.rate(), 800_kbps);
}

TEST(AcknowledgedBitrate, FollowsTheRateOfArrival) {
  AcknowledgedBitrate bitrate;
  Timestamp now;
  Receive(bitrate, now, 2_s, 10_ms);
  EXPECT_NEAR(static_cast<double>(bitrate.rate()->bps()), 800e3, 30e3);
  Receive(bitrate, now, 3_s, 4_ms);
  EXPECT_NEAR(static_cast<double>(bitrate.rate()->bps()), 2e6, 1e5);
  Receive(bitrate, now, 3_s, 20_ms);
  EXPECT_NEAR(static_cast<double>(bitrate.rate()->bps()), 400e3, 60e3);
}

TEST(AcknowledgedBitrate, KnowsACollapseAfterOneWindow) {
  AcknowledgedBitrate bitrate;
  Timestamp now;
  Receive(bitrate, now, 2_s, 4_ms);
  EXPECT_EQ(bitrate.rate_when_full(), bitrate.rate());
  Receive(bitrate, now, 320_ms, 20_ms);
  EXPECT_LT(*bitrate.rate_when_full(), 500_kbps);
  EXPECT_GT(*bitrate.rate(), 500_kbps);
}

TEST(AcknowledgedBitrate, APauseDoesNotLowerIt) {
  AcknowledgedBitrate bitrate;
  Timestamp now;
  Receive(bitrate, now, 2_s, 10_ms);
  now += 10_s;
  Receive(bitrate, now, 1_s, 10_ms);
  EXPECT_NEAR(static_cast<double>(bitrate.rate()->bps()), 800e3, 60e3);
}

TEST(AcknowledgedBitrate, KeepsTheRateOverAJumpOfTheClock) {
  AcknowledgedBitrate bitrate;
  Timestamp now = Timestamp::Millis(100'000);
  Receive(bitrate, now, 2_s, 10_ms);
  bitrate.RestartWindow();
  now = Timestamp();
  Receive(bitrate, now, 1_s, 10_ms);
  EXPECT_NEAR(static_cast<double>(bitrate.rate()->bps()), 800e3, 60e3);
}

}  // namespace
}  // namespace ferry::transport
