#include "core/transport/congestion_controller.h"

#include <gtest/gtest.h>

#include <random>

namespace ferry::transport {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(1'000'000);

// Feedback that all of these arrived, one each `spacing`.
rtp::TransportFeedback Received(uint16_t first, size_t count, Timestamp arrival,
                                Duration spacing = 10_ms) {
  rtp::TransportFeedback feedback;
  feedback.reference_time = static_cast<int32_t>(arrival.us() / 64'000);
  const Timestamp reference = Timestamp::Millis(int64_t{feedback.reference_time} * 64);
  for (size_t i = 0; i < count; ++i) {
    feedback.packets.push_back({.sequence_number = static_cast<uint16_t>(first + i),
                                .received = true,
                                .arrival = arrival - reference + spacing * static_cast<double>(i)});
  }
  return feedback;
}

// Sends 960 kbps for a second, with feedback each 100 ms; returns the next sequence number.
uint16_t SendASecond(CongestionController& controller, Timestamp& now, uint16_t number = 0) {
  for (int i = 0; i < 10; ++i) {
    const uint16_t first = number;
    const Timestamp began = now;
    for (int k = 0; k < 10; ++k, now += 10_ms) controller.OnPacketSent(number++, 1200, now);
    controller.OnFeedback(Received(first, 10, began + 25_ms), now);
  }
  return number;
}

TEST(CongestionController, BeginsAtTheConfiguredRateWithinItsLimits) {
  EXPECT_EQ(CongestionController().target(), 1_mbps);
  EXPECT_EQ(CongestionController({.start = 300_kbps}).target(), 300_kbps);
  EXPECT_EQ(CongestionController({.start = 300_kbps, .min = 500_kbps}).target(), 500_kbps);
  CongestionController controller;
  EXPECT_EQ(controller.pacing_rate(), 2500_kbps);
  controller.SetLimits(30_kbps, 400_kbps);
  EXPECT_EQ(controller.target(), 400_kbps);
}

TEST(CongestionController, IgnoresFeedbackAboutPacketsItNeverSent) {
  CongestionController controller;
  Timestamp now = kStart;
  const uint16_t next = SendASecond(controller, now);
  const DataRate before = controller.target();
  for (int i = 0; i < 100; ++i, now += 1_ms) {
    controller.OnFeedback(Received(static_cast<uint16_t>(next + 5000), 500, now), now);
  }
  EXPECT_EQ(controller.target(), before);
  EXPECT_EQ(controller.stats().unknown, 50'000u);
}

TEST(CongestionController, LooksAtWhatFeedbackSkipsOnceHoweverOftenItIsSkipped) {
  CongestionController controller;
  Timestamp now = kStart;
  const uint16_t next = SendASecond(controller, now);
  for (int i = 0; i < 100; ++i, now += 1_ms) {
    controller.OnFeedback(Received(static_cast<uint16_t>(next + 2000), 1, now), now);
  }
  EXPECT_EQ(controller.stats().skipped, 2000u);
}

TEST(CongestionController, CountsEachPacketOnceHoweverOftenItIsTold) {
  CongestionController controller;
  Timestamp now = kStart;
  controller.OnPacketSent(7, 1200, now);
  for (int i = 0; i < 5; ++i) controller.OnFeedback(Received(7, 1, now), now + 50_ms);
  EXPECT_EQ(controller.stats().received, 1u);
  EXPECT_EQ(controller.stats().repeated, 4u);
}

TEST(CongestionController, TakesALostPacketForReceivedWhenItArrivesAfterAll) {
  CongestionController controller;
  controller.OnPacketSent(7, 1200, kStart);
  rtp::TransportFeedback lost = Received(7, 1, kStart);
  lost.packets[0].received = false;
  controller.OnFeedback(lost, kStart + 50_ms);
  EXPECT_EQ(controller.stats().lost, 1u);
  controller.OnFeedback(Received(7, 1, kStart), kStart + 150_ms);
  EXPECT_EQ(controller.stats().received, 1u);
}

TEST(CongestionController, ForgetsPacketsBeyondItsHistory) {
  CongestionController controller;
  for (size_t i = 0; i <= SendHistory::kCapacity; ++i) {
    controller.OnPacketSent(static_cast<uint16_t>(i), 100, kStart);
  }
  controller.OnFeedback(Received(0, 2, kStart), kStart + 50_ms);
  EXPECT_EQ(controller.stats().unknown, 1u);
  EXPECT_EQ(controller.stats().received, 1u);
}

TEST(CongestionController, StaysWithinItsLimitsWhateverFeedbackSays) {
  std::mt19937_64 random(1);
  CongestionController controller({.min = 100_kbps, .max = 5_mbps});
  controller.SetWantedRate(5_mbps);
  Timestamp now = kStart;
  uint16_t number = 0;
  for (int i = 0; i < 20'000;
       ++i, now += Duration::Micros(static_cast<int64_t>(random() % 20'000))) {
    controller.OnPacketSent(number++, random() % 70'000, now);
    rtp::TransportFeedback feedback =
        Received(static_cast<uint16_t>(number - random() % 50), random() % 40, now);
    feedback.reference_time += static_cast<int32_t>(random() % 1000) - 500;
    for (rtp::PacketArrival& packet : feedback.packets) {
      packet.received = random() % 3 != 0;
      packet.arrival = Duration::Micros(static_cast<int64_t>(random() % 10'000'000) - 5'000'000);
    }
    controller.OnFeedback(feedback, now);
    controller.NextProbe(now);
    ASSERT_GE(controller.target(), 100_kbps);
    ASSERT_LE(controller.target(), 5_mbps);
  }
}

TEST(CongestionController, TakesPacketsWaitingForTheTransportForCongestion) {
  CongestionController controller;
  Timestamp now = kStart;
  uint16_t number = SendASecond(controller, now);
  number = SendASecond(controller, now, number);
  const DataRate before = controller.target();
  controller.OnLocalQueueDelay(CongestionController::kMaxLocalQueueDelay + 1_ms, now);
  EXPECT_LE(controller.target(), 960_kbps * 0.9);
  EXPECT_LT(controller.target(), before);

  const DataRate reduced = controller.target();
  controller.OnLocalQueueDelay(50_ms, now);
  number = SendASecond(controller, now, number);
  EXPECT_LE(controller.target(), reduced) << "a queue that has not drained";
  controller.OnLocalQueueDelay(0_ms, now);
  SendASecond(controller, now, number);
  EXPECT_GT(controller.target(), reduced);
}

// Sends for two seconds, then nothing for one: less than it might.
void LeaveRoom(CongestionController& controller, Timestamp& now) {
  SendASecond(controller, now, SendASecond(controller, now));
  controller.NextProbe(now += 1_s);
}

TEST(CongestionController, LetsPacketsThatWaitForTheTransportDrain) {
  CongestionController controller;
  Timestamp now = kStart;
  LeaveRoom(controller, now);
  ASSERT_TRUE(controller.application_limited());
  controller.OnLocalQueueDelay(400_ms, now);
  const DataRate reduced = controller.target();
  for (const Duration waiting : {350_ms, 250_ms, 150_ms}) {
    controller.OnLocalQueueDelay(waiting, now += 300_ms);
    EXPECT_EQ(controller.target(), reduced);
  }
  controller.OnLocalQueueDelay(160_ms, now += 300_ms);
  EXPECT_LT(controller.target(), reduced) << "it grows again";
}

TEST(CongestionController, TakesAQueueThatStandsStillForNoneThatDrains) {
  CongestionController controller;
  Timestamp now = kStart;
  LeaveRoom(controller, now);
  ASSERT_TRUE(controller.application_limited());
  controller.OnLocalQueueDelay(300_ms, now);
  DataRate target = controller.target();
  // As a page measures it.
  for (const Duration waiting : {299_ms, 301_ms, 299_ms}) {
    controller.OnLocalQueueDelay(waiting, now += 500_ms);
    EXPECT_LT(controller.target(), target);
    target = controller.target();
  }
}

TEST(CongestionController, AStallOfTheTransportWhileLittleIsSentLeavesMostOfTheEstimate) {
  CongestionController controller;
  Timestamp now = kStart;
  LeaveRoom(controller, now);
  ASSERT_TRUE(controller.application_limited());
  const DataRate before = controller.target();
  for (Duration waiting = 100_ms; waiting <= 2_s; waiting += 100_ms) {
    controller.OnLocalQueueDelay(waiting, now += 100_ms);
  }
  EXPECT_GE(controller.target(), before * 0.5);
  EXPECT_LT(controller.target(), before * 0.9) << "it is congestion all the same";
}

TEST(CongestionController, ProbesOnlyForWhatIsWanted) {
  CongestionController controller;
  Timestamp now = kStart;
  EXPECT_FALSE(controller.NextProbe(now));
  controller.SetWantedRate(800_kbps);
  EXPECT_FALSE(controller.NextProbe(now)) << "the estimate suffices";
  controller.SetWantedRate(2_mbps);
  const auto probe = controller.NextProbe(now);
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->rate, 3_mbps);
}

TEST(CongestionController, MeasuresTheRoundTripFromFeedbackUnlessToldBetter) {
  CongestionController controller;
  Timestamp now = kStart;
  for (uint16_t i = 0; i < 100; ++i, now += 100_ms) {
    controller.OnPacketSent(i, 1200, now);
    controller.OnFeedback(Received(i, 1, now + 20_ms), now + 40_ms);
  }
  EXPECT_NEAR(controller.round_trip().ms_f(), 40, 1);
  controller.OnRoundTrip(70_ms);
  EXPECT_EQ(controller.round_trip(), 70_ms);
}

}  // namespace
}  // namespace ferry::transport
