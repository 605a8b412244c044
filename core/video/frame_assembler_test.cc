#include "core/video/frame_assembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/video/testing/vp8_stream.h"

namespace ferry::video {
namespace {

TEST(FrameAssembler, CompletesAFrameWithItsLastMissingPacket) {
  testing::Vp8Stream stream(65'530);
  FrameAssembler assembler;
  auto packets = stream.Frame(/*size=*/5000, /*keyframe=*/true);
  ASSERT_GE(packets.size(), 5u);
  std::ranges::reverse(packets);
  for (size_t i = 0; i < packets.size(); ++i) {
    const auto frame = assembler.Insert(packets[i], Timestamp::Millis(7));
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->has_value(), i + 1 == packets.size());
    if (*frame) {
      EXPECT_EQ((*frame)->data, stream.last_frame());
      EXPECT_TRUE((*frame)->keyframe);
      EXPECT_EQ((*frame)->completed, Timestamp::Millis(7));
    }
  }
}

TEST(FrameAssembler, ConsecutiveFramesAreContinuousAcrossTheWrap) {
  testing::Vp8Stream stream(65'533);
  FrameAssembler assembler;
  int64_t next = -1;
  for (int i = 0; i < 10; ++i) {
    for (const auto& packet : stream.Frame(2500, i == 0)) {
      const auto frame = assembler.Insert(packet, {});
      ASSERT_TRUE(frame);
      if (!*frame) continue;
      if (next >= 0) {
        EXPECT_EQ((*frame)->first_sequence, next);
      }
      next = (*frame)->last_sequence + 1;
    }
  }
  EXPECT_GT(next, 0);
}

TEST(FrameAssembler, IgnoresDuplicates) {
  testing::Vp8Stream stream;
  FrameAssembler assembler;
  const auto packets = stream.Frame(100, true);
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_TRUE(assembler.Insert(packets[0], {})->has_value());
  EXPECT_FALSE(assembler.Insert(packets[0], {})->has_value());
}

TEST(FrameAssembler, FramesInterleavedAndShuffledAllComeOutWhole) {
  testing::Vp8Stream stream(1000);
  std::vector<rtp::RtpPacket> packets;
  std::vector<std::vector<uint8_t>> sent;
  for (int i = 0; i < 20; ++i) {
    for (auto& p : stream.Frame(static_cast<size_t>(500 + 700 * (i % 4)), i % 7 == 0)) {
      packets.push_back(std::move(p));
    }
    sent.push_back(stream.last_frame());
  }
  // The first stays first: nothing before it is expected.
  std::shuffle(packets.begin() + 1, packets.end(), std::mt19937(5));
  FrameAssembler assembler;
  std::vector<EncodedFrame> frames;
  for (const auto& packet : packets) {
    auto frame = assembler.Insert(packet, {});
    ASSERT_TRUE(frame);
    if (*frame) frames.push_back(std::move(**frame));
  }
  ASSERT_EQ(frames.size(), sent.size());
  std::ranges::sort(frames, {}, &EncodedFrame::first_sequence);
  for (size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(frames[i].data, sent[i]);
}

TEST(FrameAssembler, RefusesWhatIsNotVp8) {
  testing::Vp8Stream stream;
  rtp::RtpPacket packet = stream.Frame(100, true)[0];
  packet.payload_size = 0;
  FrameAssembler assembler;
  EXPECT_FALSE(assembler.Insert(packet, {}).has_value());
}

TEST(FrameAssembler, ForgetsPacketsThatStayIncomplete) {
  testing::Vp8Stream stream;
  FrameAssembler assembler;
  const auto lost = stream.Frame(3000, true);
  ASSERT_TRUE(assembler.Insert(lost[0], {}));
  for (int i = 0; i < 2000; ++i) {
    for (const auto& p : stream.Frame(500, false)) ASSERT_TRUE(assembler.Insert(p, {}));
  }
  for (size_t i = 1; i < lost.size(); ++i) {
    EXPECT_FALSE(assembler.Insert(lost[i], {})->has_value());
  }
}

}  // namespace
}  // namespace ferry::video
