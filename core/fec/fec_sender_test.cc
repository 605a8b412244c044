#include "core/fec/fec_sender.h"

#include <gtest/gtest.h>

#include "core/fec/fec_decoder.h"

namespace ferry::fec {
namespace {
using namespace literals;
using rtp::MediaKind;

class FecSenderTest : public ::testing::Test {
 protected:
  void Lose(double share, Duration round_trip = 100_ms) {
    // Enough for the loss to be believed.
    for (int i = 0; i < 50; ++i) {
      sender_.OnFeedback(
          {.packets = 100, .lost = static_cast<uint64_t>(share * 100), .round_trip = round_trip});
    }
  }
  // Sends a packet; how many repair packets follow it.
  int Send(MediaKind kind, bool marker = true, size_t payload = 100) {
    const uint8_t type = kind == MediaKind::kAudio ? rtp::kOpusPayloadType : rtp::kVp8PayloadType;
    const auto packet =
        *rtp::RtpPacket::Make({.payload_type = type, .marker = marker},
                              {.transport_sequence_number = 0}, std::vector<uint8_t>(payload));
    sender_.OnSent(kind, number_++, packet.bytes, packet.transport_sequence_number_offset, now_);
    int repairs = 0;
    while (const auto repair = sender_.Next(kind, now_)) {
      EXPECT_EQ(repair->kind(), MediaKind::kRepair);
      EXPECT_NE(repair->transport_sequence_number_offset, 0u);
      ++number_;
      ++repairs;
    }
    now_ += 20_ms;
    return repairs;
  }

  FecSender sender_;
  uint16_t number_ = 0;
  Timestamp now_ = Timestamp::Millis(1000);
};

TEST_F(FecSenderTest, OnAPathThatLosesNothingNothingIsRepaired) {
  Lose(0);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Send(MediaKind::kAudio), 0);
    EXPECT_EQ(Send(MediaKind::kVideo), 0);
  }
}

TEST_F(FecSenderTest, AsManyAsTheProtectionSaysFollow) {
  Lose(0.2);
  int audio = 0, video = 0;
  for (int i = 0; i < 1000; ++i) {
    audio += Send(MediaKind::kAudio);
    video += Send(MediaKind::kVideo);
  }
  EXPECT_NEAR(audio, 1000 * sender_.protection().audio, 2);
  EXPECT_NEAR(video, 1000 * sender_.protection().video, 2);
}

TEST_F(FecSenderTest, OfVideoTheyFollowTheFrame) {
  Lose(0.4);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Send(MediaKind::kVideo, /*marker=*/false), 0);
    EXPECT_FALSE(sender_.due(MediaKind::kVideo));
  }
  EXPECT_GE(Send(MediaKind::kVideo, /*marker=*/true), 10);
}

TEST_F(FecSenderTest, AFrameThatIsTooLargeForTheWindowIsRepairedInParts) {
  Lose(0.2);
  int repairs = 0;
  for (int i = 0; i < 100; ++i) repairs += Send(MediaKind::kVideo, /*marker=*/false);
  EXPECT_GE(repairs, 30);
}

TEST_F(FecSenderTest, WhereItIsSentAgainAsSoonVideoIsNotRepaired) {
  Lose(0.2, 10_ms);
  EXPECT_EQ(sender_.protection().video, 0);
  EXPECT_GT(sender_.protection().audio, 0);
}

TEST_F(FecSenderTest, ACongestedPathIsNotLoadedWithRepairs) {
  for (int i = 0; i < 50; ++i) {
    sender_.OnFeedback(
        {.packets = 100, .lost = 20, .congested = true, .path_loss = 0, .round_trip = 100_ms});
  }
  EXPECT_EQ(sender_.protection(), Protection());
}

TEST_F(FecSenderTest, APacketThatIsTooLargeOrHasNoNumberIsLeftOut) {
  Lose(0.5);
  EXPECT_EQ(Send(MediaKind::kVideo, true, rtp::kMaxPacketSize), 0);
  const std::vector<uint8_t> bytes(100, 0x80);
  sender_.OnSent(MediaKind::kVideo, 7, bytes, 0, now_);
  EXPECT_FALSE(sender_.Next(MediaKind::kVideo, now_));
}

}  // namespace
}  // namespace ferry::fec
