#include "core/transport/paced_sender.h"

#include <gtest/gtest.h>

#include <array>

#include "core/transport/padding_packet.h"

namespace ferry::transport {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(1'000'000);

rtp::RtpPacket Packet(uint32_t ssrc, size_t bytes = 1000) {
  static constexpr std::array<uint8_t, rtp::kMaxPacketSize> kZeros{};
  return *rtp::RtpPacket::Make({.payload_type = rtp::kVp8PayloadType, .ssrc = ssrc},
                               {.transport_sequence_number = 0},
                               ByteSpan(kZeros).first(bytes - 20));
}

TEST(PacedSender, NumbersWhatLeavesInTheOrderOfLeaving) {
  PacedSender sender({}, 0xFFFF);
  sender.Queue(Packet(1), kStart);
  rtp::RtpPacket audio = Packet(2);
  sender.SendNow(audio, kStart);
  EXPECT_EQ(rtp::ParseRtp(audio.bytes)->extensions.transport_sequence_number, 0xFFFF);
  const auto video = sender.Next(kStart);
  ASSERT_TRUE(video);
  EXPECT_EQ(rtp::ParseRtp(video->bytes)->extensions.transport_sequence_number, 0);
}

TEST(PacedSender, PadsAProbeWhereNothingElseWaits) {
  PacedSender sender;
  sender.control().SetWantedRate(5_mbps);
  std::optional<rtp::RtpPacket> packet;
  for (Timestamp now = kStart; !packet && now < kStart + 100_ms; now += 1_ms) {
    packet = sender.Next(now);
  }
  ASSERT_TRUE(packet) << "the estimate is below what is wanted";
  EXPECT_EQ(packet->kind(), rtp::MediaKind::kPadding);
  EXPECT_EQ(packet->header.ssrc, rtp::kNoStreamSsrc);
}

TEST(PacedSender, WhatIsSentAgainTakesFromItsBudget) {
  PacedSender sender;
  int resent = 0;
  for (; sender.MayResend(kStart) && resent < 1000; ++resent) {
    rtp::RtpPacket packet = Packet(1);
    packet.recovered = true;
    sender.Queue(std::move(packet), kStart);
  }
  EXPECT_NEAR(resent, 18, 1) << "half a second of 30 % of 1 Mbps";
  sender.Queue(Packet(1), kStart);
  EXPECT_FALSE(sender.MayResend(kStart));
}

// Sends `count` packets of sound, every other lost; how many of repair follow them.
int SendOnALossyPath(PacedSender& sender, int count, Timestamp now) {
  int repairs = 0;
  rtp::TransportFeedback feedback;
  for (int i = 0; i < count; ++i) {
    rtp::RtpPacket packet =
        *rtp::RtpPacket::Make({.payload_type = rtp::kOpusPayloadType},
                              {.transport_sequence_number = 0}, std::array<uint8_t, 80>{});
    sender.SendNow(packet, now);
    const auto number = *rtp::ParseRtp(packet.bytes)->extensions.transport_sequence_number;
    feedback.packets.push_back(
        {.sequence_number = number, .received = i % 2 == 0, .arrival = Duration::Zero()});
    while (sender.NextRepair(rtp::MediaKind::kAudio, now)) ++repairs;
  }
  sender.OnFeedback(feedback, now + 50_ms);
  return repairs;
}

TEST(PacedSender, RepairsFollowWhatAPathLosesAndEndWithThePath) {
  PacedSender sender;
  EXPECT_EQ(SendOnALossyPath(sender, 50, kStart), 0) << "nothing is known yet";
  EXPECT_GE(SendOnALossyPath(sender, 50, kStart + 100_ms), 50);
  sender.OnPathChanged();
  EXPECT_EQ(SendOnALossyPath(sender, 50, kStart + 200_ms), 0);
}

TEST(PacedSender, WakesOnlyWhenSomethingWaits) {
  PacedSender sender;
  EXPECT_EQ(sender.NextSendTime(), Timestamp::Infinite());
  sender.Queue(Packet(1), kStart);
  EXPECT_LE(sender.NextSendTime(), kStart);
}

}  // namespace
}  // namespace ferry::transport
