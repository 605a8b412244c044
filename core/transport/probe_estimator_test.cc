#include "core/transport/probe_estimator.h"

#include <gtest/gtest.h>

namespace ferry::transport {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(1'000'000);
const ProbeCluster kProbe{.id = 3, .rate = 8_mbps, .min_packets = 5, .min_bytes = 15'000};

// 15 packets of 1000 bytes, sent one each ms (8 Mbps).
std::optional<DataRate> Measure(Duration arrival_spacing, int lose_every = 0,
                                double inherent_loss = 0) {
  ProbeEstimator estimator;
  estimator.Add(kProbe);
  for (int i = 0; i < 15; ++i) {
    if (lose_every > 0 && i % lose_every == 1) continue;
    estimator.OnPacket(3, kStart + Duration::Millis(i), kStart + arrival_spacing * i, 1000);
  }
  const auto result = estimator.TakeResult(inherent_loss);
  if (!result) return std::nullopt;
  EXPECT_EQ(result->cluster.id, 3);
  EXPECT_FALSE(estimator.TakeResult(inherent_loss)) << "each probe once";
  return result->rate;
}

TEST(ProbeEstimator, FindsTheSendingRateOnAFreeLink) {
  EXPECT_NEAR(static_cast<double>(Measure(1_ms)->bps()), 8e6, 1e4);
  EXPECT_NEAR(static_cast<double>(Measure(950_us)->bps()), 8e6, 1e4) << "never more than sent";
}

TEST(ProbeEstimator, FindsTheCapacityOfAFilledLinkAndLeavesALittleFree) {
  EXPECT_NEAR(static_cast<double>(Measure(2_ms)->bps()), 4e6 * 0.95, 1e4);
}

TEST(ProbeEstimator, RefusesWhatMeasuresSomethingElse) {
  EXPECT_FALSE(Measure(400_us)) << "faster than sent: held back on the way";
  EXPECT_FALSE(Measure(0_ms));
  EXPECT_FALSE(Measure(100_ms)) << "took longer than a second";
  EXPECT_FALSE(Measure(1_ms, 3)) << "a third lost";
}

TEST(ProbeEstimator, TakesThePathsOwnLossIntoAccount) {
  EXPECT_NEAR(static_cast<double>(Measure(1_ms, 3, 1.0 / 3)->bps()), 8e6, 4e5);
}

TEST(ProbeEstimator, IgnoresPacketsOfOtherProbesAndOfNone) {
  ProbeEstimator estimator;
  estimator.Add(kProbe);
  for (int i = 0; i < 15; ++i) {
    const Timestamp at = kStart + Duration::Millis(i);
    estimator.OnPacket(kNoProbe, at, at, 1000);
    estimator.OnPacket(99, at, at, 1000);
  }
  EXPECT_FALSE(estimator.TakeResult(0));
}

TEST(ProbeEstimator, ForgetsTheOldestProbe) {
  ProbeEstimator estimator;
  for (ProbeClusterId id = 1; id <= ProbeEstimator::kMaxClusters + 1; ++id) {
    estimator.Add({.id = id, .rate = 8_mbps, .min_packets = 5, .min_bytes = 5000});
  }
  for (int i = 0; i < 15; ++i) {
    const Timestamp at = kStart + Duration::Millis(i);
    estimator.OnPacket(1, at, at, 1000);
  }
  EXPECT_FALSE(estimator.TakeResult(0));
}

}  // namespace
}  // namespace ferry::transport
