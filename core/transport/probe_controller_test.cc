#include "core/transport/probe_controller.h"

#include <gtest/gtest.h>

namespace ferry::transport {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(1'000'000);

ProbeController::Path Path(DataRate estimate, DataRate wanted, bool congested = false) {
  return {.estimate = estimate, .wanted = wanted, .max = 50_mbps, .congested = congested};
}

// The first probe within `time`, asked each 10 ms.
std::optional<ProbeCluster> FirstProbe(ProbeController& controller,
                                       const ProbeController::Path& path, Timestamp& now,
                                       Duration time) {
  for (const Timestamp end = now + time; now < end; now += 10_ms) {
    if (const auto probe = controller.Next(path, now)) return probe;
  }
  return std::nullopt;
}

// The probes of the start, without a result, and the second in which one could come.
Timestamp Begin(ProbeController& controller, const ProbeController::Path& path) {
  EXPECT_TRUE(controller.Next(path, kStart));
  controller.Next(path, kStart);
  return kStart + 1_s;
}

TEST(ProbeController, BeginsWithThreeAndSixTimesTheEstimate) {
  ProbeController controller;
  const auto path = Path(1_mbps, 50_mbps);
  const auto first = controller.Next(path, kStart);
  const auto second = controller.Next(path, kStart);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->rate, 3_mbps);
  EXPECT_EQ(first->min_bytes, 3'000'000 / 8 * 15 / 1000);
  EXPECT_EQ(second->rate, 6_mbps);
  EXPECT_NE(first->id, second->id);
  EXPECT_FALSE(controller.Next(path, kStart));
}

TEST(ProbeController, ProbesNoFurtherThanTwiceOfWhatIsWanted) {
  ProbeController controller;
  EXPECT_EQ(controller.Next(Path(1_mbps, 1200_kbps), kStart)->rate, 2400_kbps);
  EXPECT_FALSE(controller.Next(Path(1_mbps, 1200_kbps), kStart)) << "the same rate twice";
}

TEST(ProbeController, DoublesUntilAProbeFindsTheEnd) {
  ProbeController controller;
  controller.Next(Path(1_mbps, 50_mbps), kStart);
  const auto second = controller.Next(Path(1_mbps, 50_mbps), kStart);
  controller.OnResult(*second, 6_mbps, 1_mbps);
  const auto third = controller.Next(Path(6_mbps, 50_mbps), kStart + 100_ms);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->rate, 12_mbps);
  controller.OnResult(*third, 8_mbps, 6_mbps);
  EXPECT_FALSE(controller.Next(Path(8_mbps, 50_mbps), kStart + 200_ms));
}

TEST(ProbeController, ProbesNowAndThenWhileMoreIsWanted) {
  ProbeController controller;
  const auto path = Path(1_mbps, 3_mbps);
  Timestamp now = Begin(controller, path);
  const Timestamp began = now;
  const auto probe = FirstProbe(controller, path, now, 20_s);
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->rate, 2_mbps);
  EXPECT_GE(now - began, 4_s);
  now += 1_s;
  EXPECT_FALSE(FirstProbe(controller, Path(1_mbps, 1_mbps), now, 60_s)) << "no more is wanted";
}

TEST(ProbeController, ProbesAtOnceWhenMoreIsWantedThanBefore) {
  ProbeController controller;
  Timestamp now = Begin(controller, Path(1_mbps, 1200_kbps));
  controller.Next(Path(1_mbps, 1200_kbps), now += 1_s);
  EXPECT_TRUE(controller.Next(Path(1_mbps, 4_mbps), now + 10_ms));
}

TEST(ProbeController, DoesNotProbeACongestedPath) {
  ProbeController controller;
  Timestamp now = Begin(controller, Path(1_mbps, 3_mbps));
  EXPECT_FALSE(FirstProbe(controller, Path(1_mbps, 3_mbps, true), now, 60_s));
  const Timestamp free = now;
  EXPECT_TRUE(FirstProbe(controller, Path(1_mbps, 3_mbps), now, 60_s));
  EXPECT_GE(now - free, 1_s) << "it has been quiet for a while";
}

TEST(ProbeController, TriesTheFormerRateOnceAfterALargeDrop) {
  ProbeController controller;
  Timestamp now = Begin(controller, Path(3_mbps, 4_mbps));
  controller.Next(Path(3_mbps, 4_mbps), now += 10_ms);
  controller.Next(Path(1_mbps, 4_mbps, true), now += 10_ms);
  const auto probe = FirstProbe(controller, Path(1_mbps, 4_mbps), now, 2_s);
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->rate, 2550_kbps);
  now += 1_s;
  const auto next = FirstProbe(controller, Path(1_mbps, 4_mbps), now, 20_s);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->rate, 2_mbps);
}

TEST(ProbeController, RepeatsAProbeThatAStandstillHit) {
  ProbeController controller;
  ProbeController::Path path = Path(1_mbps, 3_mbps);
  Timestamp now = Begin(controller, path);
  path.stood_still = true;
  int probes = 0;
  for (const Timestamp end = now + 20_s; now < end; now += 10_ms) {
    const auto probe = controller.Next(path, now);
    if (!probe) continue;
    ++probes;
    controller.OnResult(*probe, 200_kbps, 1_mbps, true);
  }
  EXPECT_GE(probes, 10);
  EXPECT_LE(probes, 14) << "not for ever";
}

TEST(ProbeController, DoesNotRepeatAProbeThatFoundNothingOtherwise) {
  for (const DataRate measured : {200_kbps, 1_mbps}) {
    ProbeController controller;
    ProbeController::Path path = Path(1_mbps, 3_mbps);
    Timestamp now = Begin(controller, path);
    path.stood_still = measured == 1_mbps;
    int probes = 0;
    for (const Timestamp end = now + 20_s; now < end; now += 10_ms) {
      const auto probe = controller.Next(path, now);
      if (!probe) continue;
      ++probes;
      controller.OnResult(*probe, measured, 1_mbps, path.stood_still);
    }
    EXPECT_LE(probes, 4);
  }
}

}  // namespace
}  // namespace ferry::transport
