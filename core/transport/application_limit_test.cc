#include "core/transport/application_limit.h"

#include <gtest/gtest.h>

namespace ferry::transport {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(1'000'000);

bool LimitedAt(DataRate sent, ApplicationLimit& limit, Timestamp& now) {
  limit.Tick(now, 1_mbps);
  for (const Timestamp end = now + 2_s; now < end; now += 10_ms) {
    limit.OnPacketSent(sent.bps() / 8 / 100, now);
  }
  return limit.limited();
}

TEST(ApplicationLimit, IsWhereClearlyLessThanTheTargetIsSent) {
  ApplicationLimit limit;
  Timestamp now = kStart;
  EXPECT_FALSE(LimitedAt(950_kbps, limit, now));
  EXPECT_FALSE(LimitedAt(750_kbps, limit, now));
  EXPECT_TRUE(LimitedAt(300_kbps, limit, now));
  EXPECT_FALSE(LimitedAt(950_kbps, limit, now));
}

TEST(ApplicationLimit, IsWhereNothingIsSent) {
  ApplicationLimit limit;
  limit.Tick(kStart, 1_mbps);
  EXPECT_FALSE(limit.limited());
  limit.Tick(kStart + 1_s, 1_mbps);
  EXPECT_TRUE(limit.limited());
}

TEST(ApplicationLimit, IsNotEnteredBetweenTheFramesOfAVideo) {
  ApplicationLimit limit;
  limit.Tick(kStart, 1_mbps);
  // 15 fps with 900 kbps: 67 ms of silence after each frame.
  for (int i = 0; i < 60; ++i) {
    limit.OnPacketSent(7500, kStart + Duration::Millis(67 * i));
    EXPECT_FALSE(limit.limited());
  }
}

}  // namespace
}  // namespace ferry::transport
