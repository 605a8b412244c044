#include "core/transport/arrival_recorder.h"

#include <gtest/gtest.h>

namespace ferry::transport {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(1'000'000);

TEST(ArrivalRecorder, HasNothingToReportBeforeTheFirstPacket) {
  EXPECT_FALSE(ArrivalRecorder().BuildFeedback().has_value());
}

TEST(ArrivalRecorder, ReportsArrivalsAndGaps) {
  ArrivalRecorder recorder;
  recorder.OnPacket(10, kStart);
  recorder.OnPacket(11, kStart + 5_ms);
  recorder.OnPacket(13, kStart + 7_ms);
  const auto feedback = recorder.BuildFeedback();
  ASSERT_TRUE(feedback);
  ASSERT_EQ(feedback->packets.size(), 4u);
  EXPECT_EQ(feedback->packets[0].sequence_number, 10);
  EXPECT_FALSE(feedback->packets[2].received);
  EXPECT_EQ(feedback->packets[1].arrival - feedback->packets[0].arrival, 5_ms);
  EXPECT_EQ(feedback->packets[3].arrival - feedback->packets[0].arrival, 7_ms);
}

TEST(ArrivalRecorder, ReportsReorderedPacketsInTheirOrderAndRepeatedOnesOnce) {
  ArrivalRecorder recorder;
  recorder.OnPacket(12, kStart);
  recorder.OnPacket(10, kStart + 1_ms);
  recorder.OnPacket(11, kStart + 2_ms);
  recorder.OnPacket(10, kStart + 3_ms);
  const auto feedback = recorder.BuildFeedback();
  ASSERT_TRUE(feedback);
  ASSERT_EQ(feedback->packets.size(), 3u);
  EXPECT_EQ(feedback->packets[0].sequence_number, 10);
  EXPECT_EQ(feedback->packets[1].arrival - feedback->packets[0].arrival, 1_ms);
  EXPECT_EQ(feedback->packets[0].arrival - feedback->packets[2].arrival, 1_ms);
}

TEST(ArrivalRecorder, ReportsLossBetweenTwoFeedbacks) {
  ArrivalRecorder recorder;
  recorder.OnPacket(1, kStart);
  recorder.BuildFeedback();
  recorder.OnPacket(4, kStart + 10_ms);
  const auto feedback = recorder.BuildFeedback();
  ASSERT_TRUE(feedback);
  ASSERT_EQ(feedback->packets.size(), 3u);
  EXPECT_EQ(feedback->packets[0].sequence_number, 2);
  EXPECT_EQ(feedback->feedback_count, 1);
}

TEST(ArrivalRecorder, CountsOnAcrossTheWrap) {
  ArrivalRecorder recorder;
  recorder.OnPacket(0xFFFF, kStart);
  recorder.OnPacket(0, kStart + 1_ms);
  const auto feedback = recorder.BuildFeedback();
  ASSERT_TRUE(feedback);
  EXPECT_EQ(feedback->packets.size(), 2u);
  EXPECT_TRUE(feedback->packets[1].received);
}

TEST(ArrivalRecorder, SplitsArrivalsTooFarApartForOneFeedback) {
  ArrivalRecorder recorder;
  recorder.OnPacket(1, kStart);
  recorder.OnPacket(2, kStart + 20_s);
  EXPECT_EQ(recorder.BuildFeedback()->packets.size(), 1u);
  EXPECT_EQ(recorder.BuildFeedback()->packets.size(), 1u);
  EXPECT_FALSE(recorder.BuildFeedback().has_value());
}

TEST(ArrivalRecorder, IsBoundedAndStartsAnewAfterAJump) {
  ArrivalRecorder recorder;
  for (uint16_t n = 0; n < 5000; ++n) recorder.OnPacket(n, kStart + Duration::Micros(n));
  EXPECT_LE(recorder.BuildFeedback()->packets.size(), ArrivalRecorder::kMaxPending);
  recorder.OnPacket(40'000, kStart + 1_s);
  const auto feedback = recorder.BuildFeedback();
  ASSERT_TRUE(feedback);
  EXPECT_EQ(feedback->packets.size(), 1u);
}

TEST(ArrivalRecorder, OfManyRepeatsAndOfNumbersThatFallItTellsEachOnce) {
  ArrivalRecorder recorder;
  for (uint16_t n = 1000; n > 0; --n) {
    recorder.OnPacket(n, kStart + Duration::Micros(1000 - n));
    for (int i = 0; i < 3; ++i) recorder.OnPacket(n, kStart + 1_s);
  }
  const auto feedback = recorder.BuildFeedback();
  ASSERT_TRUE(feedback);
  ASSERT_EQ(feedback->packets.size(), 1000u);
  EXPECT_EQ(feedback->packets.front().sequence_number, 1);
  for (const auto& packet : feedback->packets) EXPECT_TRUE(packet.received);
  EXPECT_LT(feedback->packets.front().arrival, Duration::Millis(66)) << "the first arrival counts";
  EXPECT_FALSE(recorder.BuildFeedback().has_value());
}

// However the numbers jump, the feedbacks come to an end.
TEST(ArrivalRecorder, EndsItsFeedbackWhateverTheNumbersDo) {
  constexpr auto kSpan = static_cast<uint16_t>(rtp::kMaxFeedbackPackets);
  for (const uint16_t jump : {uint16_t{5000}, kSpan, uint16_t(kSpan - 1), uint16_t(kSpan + 1)}) {
    for (const bool reported : {false, true}) {
      ArrivalRecorder recorder;
      recorder.OnPacket(0, kStart);
      if (reported) {
        ASSERT_TRUE(recorder.BuildFeedback().has_value());
      }
      recorder.OnPacket(jump, kStart + 1_ms);
      recorder.OnPacket(static_cast<uint16_t>(jump + kSpan - 1), kStart + 2_ms);
      int feedbacks = 0;
      while (feedbacks < 10 && recorder.BuildFeedback()) ++feedbacks;
      EXPECT_LE(feedbacks, 3) << jump;
    }
  }
}

TEST(ArrivalRecorder, ItsFeedbackSurvivesTheWire) {
  ArrivalRecorder recorder;
  for (int n = 0; n < 200; n += 1 + n % 3) {
    recorder.OnPacket(static_cast<uint16_t>(65'500 + n), kStart + Duration::Micros(n * 1733));
  }
  const auto feedback = recorder.BuildFeedback();
  std::vector<uint8_t> wire;
  ASSERT_TRUE(rtp::AppendRtcp(*feedback, wire).has_value());
  const auto parsed = rtp::ParseRtcp(wire);
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto& back = std::get<rtp::TransportFeedback>(parsed->at(0));
  ASSERT_EQ(back.packets.size(), feedback->packets.size());
  for (size_t i = 0; i < back.packets.size(); ++i) {
    EXPECT_EQ(back.packets[i].received, feedback->packets[i].received);
    EXPECT_EQ(back.packets[i].arrival, feedback->packets[i].arrival);
  }
}

}  // namespace
}  // namespace ferry::transport
