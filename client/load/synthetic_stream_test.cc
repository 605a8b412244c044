#include "client/load/synthetic_stream.h"

#include <gtest/gtest.h>

#include <optional>

#include "core/rtp/opus.h"
#include "core/rtp/vp8.h"

namespace ferry::client {
namespace {

constexpr Timestamp kStart = Timestamp::Millis(1'790'000'000'000);

struct Made {
  std::vector<uint8_t> bytes;
  rtp::RtpPacketView view() const { return *rtp::ParseRtp(bytes); }
};

std::vector<Made> Produce(SyntheticStream& stream, Timestamp now) {
  PacketQueue queue(256);
  stream.Produce(now, queue);
  std::vector<Made> made;
  for (; !queue.empty(); queue.Pop()) {
    const auto front = queue.Front();
    made.push_back({{front.begin(), front.end()}});
  }
  return made;
}

StreamShape Video(int kbps) {
  return {.bitrate = DataRate::KilobitsPerSec(kbps),
          .fps = 30,
          .packet_bytes = 1200,
          .width = 640,
          .height = 360};
}

TEST(SyntheticStream, BeginsWithAKeyFrameOfItsSize) {
  SyntheticStream stream(Video(3000), 5, 1, kStart);
  const auto packets = Produce(stream, kStart);
  ASSERT_FALSE(packets.empty());
  const auto first = rtp::ParseVp8(packets[0].view().payload);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->starts_keyframe());
  const auto size = rtp::Vp8KeyframeSize(first->data);
  ASSERT_TRUE(size);
  EXPECT_EQ(size->width, 640);
  EXPECT_EQ(size->height, 360);
  EXPECT_TRUE(packets.back().view().header.marker);
  for (size_t i = 1; i < packets.size(); ++i) {
    EXPECT_FALSE(rtp::ParseVp8(packets[i].view().payload)->starts_frame());
  }
}

TEST(SyntheticStream, KeepsToItsBitrateInFullPackets) {
  SyntheticStream stream(Video(3000), 5, 1, kStart);
  size_t bytes = 0, full = 0, all = 0;
  for (int ms = 0; ms < 10'000; ms += 5) {
    for (const Made& packet : Produce(stream, kStart + Duration::Millis(ms))) {
      bytes += packet.bytes.size();
      full += packet.bytes.size() > 1100;
      ++all;
    }
  }
  EXPECT_NEAR(static_cast<double>(bytes) * 8 / 10 / 1e6, 3.0, 0.05);
  EXPECT_GT(static_cast<double>(full) / static_cast<double>(all), 0.95);
}

TEST(SyntheticStream, MakesAKeyFrameWhenItIsAskedFor) {
  SyntheticStream stream(Video(500), 5, 1, kStart);
  Produce(stream, kStart);
  const auto starts_keyframe = [&](int ms) {
    const auto packets = Produce(stream, kStart + Duration::Millis(ms));
    return rtp::ParseVp8(packets.at(0).view().payload)->starts_keyframe();
  };
  EXPECT_FALSE(starts_keyframe(34));
  stream.RequestKeyframe();
  EXPECT_TRUE(starts_keyframe(67));
  EXPECT_FALSE(starts_keyframe(100));
}

TEST(SyntheticStream, AudioIsTwentyMillisecondsWithItsLevel) {
  SyntheticStream stream(
      {.kind = MediaKind::kAudio, .bitrate = DataRate::KilobitsPerSec(40), .fps = 50}, 5, 1,
      kStart);
  stream.SetLoud(true);
  const auto packets = Produce(stream, kStart + Duration::Millis(40));
  ASSERT_EQ(packets.size(), 3u);
  const auto view = packets[1].view();
  EXPECT_EQ(packets[1].bytes.size(), 100u);
  EXPECT_EQ(view.extensions.audio_level->minus_dbov, SyntheticStream::kLoudMinusDbov);
  EXPECT_EQ(rtp::OpusPacketDuration(view.payload), Duration::Millis(20));
  EXPECT_EQ(view.header.timestamp - packets[0].view().header.timestamp, 960u);
}

TEST(SyntheticStream, SendsAgainWhatItIsAskedFor) {
  SyntheticStream stream(Video(500), 5, 1, kStart);
  const auto packets = Produce(stream, kStart);
  PacketQueue queue(4);
  const Timestamp later = kStart + Duration::Millis(20);
  const uint16_t asked = packets[0].view().header.sequence_number;
  EXPECT_TRUE(stream.Resend(asked, Duration::Millis(50), later, queue));
  EXPECT_FALSE(stream.Resend(asked, Duration::Millis(50), later + Duration::Millis(20), queue))
      << "under way";
  EXPECT_FALSE(stream.Resend(1234, Duration::Millis(10), later, queue));
  const auto front = queue.Front();
  EXPECT_EQ(std::vector<uint8_t>(front.begin(), front.end()), packets[0].bytes);
}

TEST(SyntheticStream, CountsWhatFindsNoRoom) {
  SyntheticStream stream(Video(3000), 5, 1, kStart);
  PacketQueue queue(2);
  EXPECT_GT(stream.Produce(kStart, queue), 0u);
}

}  // namespace
}  // namespace ferry::client
