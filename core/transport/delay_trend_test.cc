// From arrivals to what they tell of the path: inter-arrival, trendline, queue delay.
#include <gtest/gtest.h>

#include "core/transport/inter_arrival.h"
#include "core/transport/queue_delay.h"
#include "core/transport/trendline_estimator.h"

namespace ferry::transport {
namespace {
using namespace literals;

const Timestamp kSent = Timestamp::Millis(1'000'000);
const Timestamp kArrived = Timestamp::Millis(5'000'000);

TEST(InterArrival, ComparesTheLastPacketsOfTwoGroups) {
  InterArrival inter_arrival;
  EXPECT_FALSE(inter_arrival.OnPacket(kSent, kArrived));
  EXPECT_FALSE(inter_arrival.OnPacket(kSent + 4_ms, kArrived + 4_ms)) << "the same group";
  EXPECT_FALSE(inter_arrival.OnPacket(kSent + 20_ms, kArrived + 25_ms)) << "only one is complete";
  const auto delta = inter_arrival.OnPacket(kSent + 40_ms, kArrived + 50_ms);
  ASSERT_TRUE(delta);
  EXPECT_EQ(delta->send, 16_ms);
  EXPECT_EQ(delta->arrival, 21_ms);
}

TEST(InterArrival, TakesWhatThePathLetGoAtOnceForOneGroup) {
  InterArrival inter_arrival;
  inter_arrival.OnPacket(kSent, kArrived);
  // Held back, then within 5 ms: no delta that tells of a falling delay.
  for (int i = 1; i < 5; ++i) {
    EXPECT_FALSE(inter_arrival.OnPacket(kSent + 10_ms * i, kArrived + 1_ms * i));
  }
}

TEST(InterArrival, IgnoresReorderedPackets) {
  InterArrival inter_arrival;
  inter_arrival.OnPacket(kSent, kArrived);
  inter_arrival.OnPacket(kSent + 20_ms, kArrived + 20_ms);
  EXPECT_FALSE(inter_arrival.OnPacket(kSent + 10_ms, kArrived + 21_ms));
  const auto delta = inter_arrival.OnPacket(kSent + 40_ms, kArrived + 40_ms);
  ASSERT_TRUE(delta);
  EXPECT_EQ(delta->arrival, 20_ms);
}

// Groups 10 ms apart, of which each arrives `growth` later than the one before it.
BandwidthUsage Trend(TrendlineEstimator& trendline, Timestamp& arrived, int groups,
                     Duration growth) {
  BandwidthUsage usage = BandwidthUsage::kNormal;
  for (int i = 0; i < groups; ++i) {
    arrived += 10_ms + growth;
    const BandwidthUsage now =
        trendline.Update({.send = 10_ms, .arrival = 10_ms + growth, .arrived = arrived});
    if (now != BandwidthUsage::kNormal) usage = now;
  }
  return usage;
}

TEST(Trendline, FindsAGrowingAndAShrinkingQueue) {
  TrendlineEstimator trendline;
  Timestamp arrived = kArrived;
  EXPECT_EQ(Trend(trendline, arrived, 100, 0_ms), BandwidthUsage::kNormal);
  EXPECT_EQ(Trend(trendline, arrived, 40, 1_ms), BandwidthUsage::kOveruse);
  EXPECT_EQ(Trend(trendline, arrived, 60, -Duration::Millis(2)), BandwidthUsage::kUnderuse);
  Trend(trendline, arrived, 100, 0_ms);
  EXPECT_EQ(trendline.usage(), BandwidthUsage::kNormal);
}

TEST(Trendline, AStandingQueueIsNoOveruse) {
  TrendlineEstimator trendline;
  Timestamp arrived = kArrived;
  Trend(trendline, arrived, 40, 1_ms);
  Trend(trendline, arrived, 100, 0_ms);
  EXPECT_EQ(Trend(trendline, arrived, 100, 0_ms), BandwidthUsage::kNormal);
}

TEST(Trendline, DoesNotTakeNoiseForATrend) {
  TrendlineEstimator trendline;
  Timestamp arrived = kArrived;
  for (int i = 0; i < 500; ++i) {
    const Duration noise = i % 2 == 0 ? 8_ms : -Duration::Millis(8);
    arrived += 10_ms + noise;
    EXPECT_NE(trendline.Update({.send = 10_ms, .arrival = 10_ms + noise, .arrived = arrived}),
              BandwidthUsage::kOveruse);
  }
}

TEST(QueueDelay, IsWhatPacketsTakeBeyondTheLeast) {
  QueueDelay queue;
  queue.OnPacket(kSent, kArrived);
  queue.EndRound(kSent);
  EXPECT_EQ(queue.delay(), 0_ms);
  queue.OnPacket(kSent, kArrived + 90_ms);
  queue.OnPacket(kSent, kArrived + 60_ms);
  queue.EndRound(kSent + 100_ms);
  EXPECT_EQ(queue.delay(), 60_ms) << "the least of a round: jitter is no queue";
}

TEST(QueueDelay, StandsWhereEachOfTheLastRoundsHadIt) {
  QueueDelay queue;
  Timestamp now = kSent;
  const auto round = [&](Duration delay) {
    now += 100_ms;
    queue.OnPacket(now, now + delay);
    queue.EndRound(now);
    return queue.standing_delay();
  };
  round(0_ms);
  for (size_t i = 1; i < QueueDelay::kStandingRounds; ++i) EXPECT_EQ(round(80_ms), 0_ms) << i;
  EXPECT_EQ(round(90_ms), 80_ms);
  EXPECT_EQ(round(5_ms), 5_ms) << "gone at once";
}

TEST(QueueDelay, TakesALongerPathForTheNewNormalInTime) {
  QueueDelay queue;
  Timestamp now = kSent;
  queue.OnPacket(now, now);
  queue.EndRound(now);
  for (int i = 0; i < 25; ++i) {
    now += 1_s;
    queue.OnPacket(now, now + 200_ms);
    queue.EndRound(now);
    if (i < 9) {
      EXPECT_EQ(queue.delay(), 200_ms);
    }
  }
  EXPECT_EQ(queue.delay(), 0_ms);
}

}  // namespace
}  // namespace ferry::transport
