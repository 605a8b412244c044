#include "core/transport/rate_controller.h"

#include <gtest/gtest.h>

namespace ferry::transport {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(1'000'000);
constexpr RateController::Limits kLimits{.min = 50_kbps, .max = 10_mbps};

void Keep(RateController& rate, const RateController::Input& input, Timestamp& now, Duration time) {
  for (const Timestamp end = now + time; now < end; now += 100_ms) rate.Update(input, now);
}

TEST(RateController, GrowsByEightPercentASecond) {
  RateController rate(1_mbps, kLimits);
  Timestamp now = kStart;
  Keep(rate, {.acknowledged = 1_mbps}, now, 3_s);
  EXPECT_NEAR(static_cast<double>(rate.estimate().bps()), 1.08e6 * 1.08 * 1.08, 2e4);
}

TEST(RateController, DoesNotRunAwayFromWhatArrives) {
  RateController rate(1_mbps, kLimits);
  Timestamp now = kStart;
  Keep(rate, {.acknowledged = 800_kbps}, now, 60_s);
  EXPECT_EQ(rate.estimate(), 1210_kbps);
}

TEST(RateController, LearnsNothingWhileTheApplicationSendsLittle) {
  RateController rate(1_mbps, kLimits);
  Timestamp now = kStart;
  Keep(rate, {.acknowledged = 900_kbps, .application_limited = true}, now, 60_s);
  EXPECT_EQ(rate.estimate(), 1_mbps);
  rate.Update(
      {.usage = BandwidthUsage::kOveruse, .acknowledged = 40_kbps, .application_limited = true},
      now);
  EXPECT_EQ(rate.estimate(), 850_kbps) << "not 85 % of the little that was sent";
}

TEST(RateController, FallsBelowWhatArrivesOnOveruseOncePerRoundTrip) {
  RateController rate(2_mbps, kLimits);
  Timestamp now = kStart;
  const RateController::Input overuse{.usage = BandwidthUsage::kOveruse, .acknowledged = 1500_kbps};
  rate.Update(overuse, now);
  EXPECT_EQ(rate.estimate(), 1275_kbps);
  EXPECT_EQ(rate.last_decrease(), now);
  rate.Update({.usage = BandwidthUsage::kOveruse, .acknowledged = 1200_kbps}, now + 50_ms);
  EXPECT_EQ(rate.estimate(), 1275_kbps);
  rate.Update({.usage = BandwidthUsage::kOveruse, .acknowledged = 1200_kbps}, now + 150_ms);
  EXPECT_EQ(rate.estimate(), 1020_kbps);
}

TEST(RateController, DoesNotWaitWhenArrivalsCollapse) {
  RateController rate(2_mbps, kLimits);
  rate.Update({.usage = BandwidthUsage::kOveruse, .acknowledged = 2_mbps}, kStart);
  rate.Update({.usage = BandwidthUsage::kOveruse, .acknowledged = 500_kbps}, kStart + 10_ms);
  EXPECT_EQ(rate.estimate(), 425_kbps);
}

TEST(RateController, GrowsSlowlyNearTheCapacityItFound) {
  RateController rate(2_mbps, kLimits);
  Timestamp now = kStart;
  rate.Update({.usage = BandwidthUsage::kOveruse, .acknowledged = 2_mbps}, now);
  const DataRate reduced = rate.estimate();
  Keep(rate, {.acknowledged = 1900_kbps}, now, 3_s);
  EXPECT_GT(rate.estimate(), reduced);
  EXPECT_LT(rate.estimate(), reduced * 1.1);
  // More arrives than it took for the capacity: that was wrong.
  const DataRate before = rate.estimate();
  Keep(rate, {.acknowledged = 3_mbps}, now, 3_s);
  EXPECT_GT(rate.estimate(), before * 1.2);
}

TEST(RateController, WaitsWhileTheQueueDrains) {
  RateController rate(1_mbps, kLimits);
  Timestamp now = kStart;
  Keep(rate, {.usage = BandwidthUsage::kUnderuse, .acknowledged = 1_mbps}, now, 10_s);
  EXPECT_EQ(rate.estimate(), 1_mbps);
}

TEST(RateController, StaysWithinItsLimits) {
  RateController rate(20_mbps, kLimits);
  EXPECT_EQ(rate.estimate(), kLimits.max);
  rate.Update({.usage = BandwidthUsage::kOveruse, .acknowledged = 1_kbps}, kStart);
  EXPECT_EQ(rate.estimate(), kLimits.min);
  rate.SetEstimate(100_mbps, kStart);
  EXPECT_EQ(rate.estimate(), kLimits.max);
}

}  // namespace
}  // namespace ferry::transport
