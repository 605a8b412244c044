#include "client/load/stream_checker.h"

#include <gtest/gtest.h>

#include "client/load/synthetic_stream.h"

namespace ferry::client {
namespace {

constexpr Timestamp kStart = Timestamp::Millis(1'790'000'000'000);
constexpr Duration kDelay = Duration::Millis(10);

// A video of two packets a frame, checked as a subscriber would.
class StreamCheckerTest : public ::testing::Test {
 protected:
  using Packet = std::vector<uint8_t>;

  // The packets of the next frame.
  std::vector<Packet> Frame() {
    stream.Produce(now, queue);
    now += Duration::Micros(33'333) + Duration::Micros(1);
    std::vector<Packet> packets;
    for (; !queue.empty(); queue.Pop())
      packets.emplace_back(queue.Front().begin(), queue.Front().end());
    return packets;
  }
  void Receive(const Packet& packet) {
    const auto view = rtp::ParseRtp(packet);
    checker.OnPacket(*view, packet.size(), now + kDelay, stats);
  }
  void Receive(const std::vector<Packet>& packets) {
    for (const Packet& packet : packets) Receive(packet);
  }

  Timestamp now = kStart;
  LoadStats stats;
  PacketQueue queue{64};
  SyntheticStream stream{{.bitrate = DataRate::KilobitsPerSec(480),
                          .fps = 30,
                          .packet_bytes = 1000,
                          .width = 64,
                          .height = 64},
                         9,
                         1,
                         kStart};
  StreamChecker checker{MediaKind::kVideo, 9, kStart};
};

TEST_F(StreamCheckerTest, CountsWhatArrivesWhole) {
  for (int i = 0; i < 30; ++i) Receive(Frame());
  checker.Finish(stats.video);
  EXPECT_EQ(stats.video.streams, 1u);
  EXPECT_EQ(stats.video.lost, 0u);
  EXPECT_EQ(stats.video.withheld, 0u);
  EXPECT_EQ(stats.video.damaged, 0u);
  EXPECT_EQ(checker.TakeFrames(), 30u);
  EXPECT_EQ(stats.first_frame.count(), 1u);
  EXPECT_NEAR(stats.video.latency.Quantile(0.5)->ms_f(), 43.3, 2);
}

TEST_F(StreamCheckerTest, ALostPacketCostsAllFramesUpToAKeyFrame) {
  Receive(Frame());
  const auto damaged = Frame();
  ASSERT_EQ(damaged.size(), 1u);
  Receive(Frame());
  Receive(Frame());
  EXPECT_EQ(checker.TakeFrames(), 1u);
  EXPECT_TRUE(checker.TakeKeyframeRequest(now + StreamChecker::kMaxStall));
  stream.RequestKeyframe();
  Receive(Frame());
  EXPECT_EQ(checker.TakeFrames(), 1u);
  checker.Finish(stats.video);
  EXPECT_EQ(stats.video.lost, 1u);
  EXPECT_EQ(stats.video.withheld, 0u);
}

TEST_F(StreamCheckerTest, ALatePacketMendsItsFrameAndThoseBehind) {
  Receive(Frame());
  const auto late = Frame();
  Receive(Frame());
  const auto missing = checker.TakeNacks(now + Duration::Millis(20), Duration::Millis(20));
  EXPECT_EQ(missing.size(), late.size());
  Receive(late);
  EXPECT_EQ(checker.TakeFrames(), 3u);
  Receive(late);
  checker.Finish(stats.video);
  EXPECT_EQ(stats.video.lost, 0u);
  EXPECT_EQ(stats.video.late, late.size());
  EXPECT_EQ(stats.video.duplicates, late.size());
}

TEST_F(StreamCheckerTest, TellsWhatTheGatewayWithheldFromWhatWasLost) {
  Receive(Frame());
  Frame();
  auto after = Frame();
  // A gateway that leaves a frame out closes the gap in the sequence numbers.
  uint16_t sequence = checker.highest_sequence();
  for (Packet& packet : after) rtp::RewriteSequenceNumber(packet, ++sequence);
  Receive(after);
  checker.Finish(stats.video);
  EXPECT_EQ(stats.video.lost, 0u);
  EXPECT_EQ(stats.video.withheld, 1u);
}

TEST_F(StreamCheckerTest, TellsApartWhatAMoveOfThePublisherLost) {
  Receive(Frame());
  size_t at_move = Frame().size();
  stream.OnMove();
  Receive(Frame());
  at_move += Frame().size();  // what it sent to the connection that it left
  Receive(Frame());
  now += StreamChecker::kMoveSettles;
  Receive(Frame());
  const size_t later = Frame().size();
  Receive(Frame());
  checker.Finish(stats.video);
  EXPECT_EQ(stats.video.lost_at_moves, at_move);
  EXPECT_EQ(stats.video.lost, later);
  EXPECT_EQ(stats.video.withheld, 0u);
}

TEST_F(StreamCheckerTest, TellsApartWhatItsOwnMoveLost) {
  Receive(Frame());
  checker.OnMove(now);
  const size_t at_move = Frame().size();
  Receive(Frame());
  now += StreamChecker::kMoveSettles;
  const size_t later = Frame().size();
  Receive(Frame());
  checker.Finish(stats.video);
  EXPECT_EQ(stats.video.lost_at_moves, at_move);
  EXPECT_EQ(stats.video.lost, later);
}

TEST_F(StreamCheckerTest, CountsDamage) {
  auto packets = Frame();
  packets[0].back() ^= 1;
  Receive(packets);
  EXPECT_EQ(stats.video.damaged, 1u);
}

TEST_F(StreamCheckerTest, WhatWasLostBeforeTheMeasuredTimeDoesNotCount) {
  Receive(Frame());
  Frame();
  Receive(Frame());
  checker.Restart();
  stats.Restart();
  Receive(Frame());
  checker.Finish(stats.video);
  EXPECT_EQ(stats.video.lost, 0u);
  EXPECT_EQ(stats.video.withheld, 0u);
}

TEST_F(StreamCheckerTest, FollowsAChangeOfEncoding) {
  Receive(Frame());
  const uint16_t sequence = checker.highest_sequence();
  SyntheticStream small({.bitrate = DataRate::KilobitsPerSec(100), .fps = 30, .packet_bytes = 1000},
                        9, 2, now);
  small.Produce(now, queue);
  Packet first(queue.Front().begin(), queue.Front().end());
  rtp::RewriteSequenceNumber(first, static_cast<uint16_t>(sequence + 1));
  Receive(first);
  EXPECT_EQ(stats.video.layer_switches, 1u);
  EXPECT_EQ(checker.TakeFrames(), 2u);
}

}  // namespace
}  // namespace ferry::client
