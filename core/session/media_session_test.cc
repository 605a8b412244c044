#include "core/session/media_session.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/rtp/vp8.h"

namespace ferry::session {
namespace {
using namespace literals;

const Timestamp kNow = Timestamp::Millis(1'790'000'000'000);

TEST(MediaSession, RefusesWhatCannotBe) {
  MediaSession session(1);
  ASSERT_TRUE(session.AddVideoSender(5));
  EXPECT_EQ(session.AddAudioReceiver(5, 0).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(session.AddAudioSender(6, 3, 40_kbps).has_value(), false);
  EXPECT_EQ(session.RemoveSender(7).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(session.SendFrame(5, {}, true, kNow, kNow).error().code, ErrorCode::kInvalidArgument);
  const std::vector<uint8_t> huge(VideoSender::kMaxFrameSize + 1);
  EXPECT_EQ(session.SendFrame(5, huge, true, kNow, kNow).error().code, ErrorCode::kLimitExceeded);
  const std::array<float, 3> odd{};
  EXPECT_EQ(session.PushAudio(9, odd, kNow, kNow).error().code, ErrorCode::kNotFound);
}

// RFC 7741 §4.2: what a receiver of the base alone has to know.
TEST(MediaSession, TellsTemporalLayersInTheDescriptor) {
  MediaSession session(1);
  ASSERT_TRUE(session.AddVideoSender(5));
  const std::vector<uint8_t> frame(100, 3);
  for (const uint8_t temporal_id : {0, 1, 0, 1}) {
    ASSERT_TRUE(session.SendFrame(5, frame, false, kNow, kNow, temporal_id));
  }
  EXPECT_EQ(session.SendFrame(5, frame, false, kNow, kNow, 2).error().code,
            ErrorCode::kInvalidArgument);
  ASSERT_TRUE(session.SendFrame(5, frame, false, kNow, kNow));
  std::vector<rtp::Vp8Descriptor> sent;
  while (auto output = session.Poll(kNow)) {
    const auto& packet = std::get<SendPacket>(*output);
    if (packet.kind != PacketKind::kVideo) continue;
    const auto view = rtp::ParseRtp(packet.bytes);
    ASSERT_TRUE(view);
    const auto payload = rtp::ParseVp8(view->payload);
    ASSERT_TRUE(payload);
    sent.push_back(payload->descriptor);
  }
  ASSERT_EQ(sent.size(), 5u);
  for (size_t i = 0; i < 4; ++i) {
    const bool upper = i % 2 == 1;
    EXPECT_EQ(sent[i].temporal_id, upper ? 1 : 0);
    EXPECT_EQ(sent[i].layer_sync, upper);
    EXPECT_EQ(sent[i].non_reference, upper);
    EXPECT_EQ(sent[i].tl0_picture_index, *sent[0].tl0_picture_index + (i >= 2 ? 1 : 0));
  }
  EXPECT_FALSE(sent[4].temporal_id || sent[4].tl0_picture_index);
}

TEST(MediaSession, BoundsTheNumberOfStreams) {
  MediaSession session(1);
  for (uint32_t ssrc = 1; ssrc <= kMaxStreams; ++ssrc) {
    ASSERT_TRUE(session.AddVideoReceiver(ssrc, 0));
  }
  EXPECT_EQ(session.AddVideoReceiver(1000, 0).error().code, ErrorCode::kLimitExceeded);
}

TEST(MediaSession, BoundsWhatWaitsForPoll) {
  MediaSession session(1);
  ASSERT_TRUE(session.AddVideoSender(5));
  const std::vector<uint8_t> frame(1'000'000, 1);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(session.SendFrame(5, frame, false, kNow, kNow));
  size_t polled = 0;
  while (session.Poll(kNow)) ++polled;
  EXPECT_LE(polled, OutputQueue::kMaxOutputs);
  EXPECT_GT(session.outputs_dropped(), 0u);
}

TEST(MediaSession, EncodingsOfOnePictureShareTheirClock) {
  MediaSession session(1);
  std::map<uint32_t, uint32_t> timestamps;
  for (const uint32_t ssrc : {5u, 6u}) {
    ASSERT_TRUE(session.AddVideoSender(ssrc));
    ASSERT_TRUE(session.SendFrame(ssrc, std::vector<uint8_t>(100, 3), true, kNow, kNow));
  }
  while (auto output = session.Poll(kNow)) {
    const auto& packet = std::get<SendPacket>(*output);
    if (packet.kind != PacketKind::kVideo) continue;
    const auto view = rtp::ParseRtp(packet.bytes);
    ASSERT_TRUE(view);
    timestamps[view->header.ssrc] = view->header.timestamp;
  }
  ASSERT_EQ(timestamps.size(), 2u);
  EXPECT_EQ(timestamps[5], timestamps[6]);
}

TEST(MediaSession, EveryPacketFitsAndCarriesItsTransportNumber) {
  MediaSession session(1);
  ASSERT_TRUE(session.AddVideoSender(5));
  ASSERT_TRUE(session.SendFrame(5, std::vector<uint8_t>(20'000, 3), true, kNow, kNow));
  std::optional<uint16_t> last;
  int rtp_packets = 0;
  Timestamp now = kNow;
  for (; now < kNow + 1_s; now = std::max(session.NextWakeup(), now)) {
    const auto output = session.Poll(now);
    if (!output) continue;
    const auto& packet = std::get<SendPacket>(*output);
    if (packet.kind != PacketKind::kVideo) continue;
    EXPECT_LE(packet.bytes.size(), rtp::kMaxPacketSize);
    const auto view = rtp::ParseRtp(packet.bytes);
    ASSERT_TRUE(view);
    ASSERT_TRUE(view->extensions.transport_sequence_number);
    if (last) {
      EXPECT_EQ(*view->extensions.transport_sequence_number, static_cast<uint16_t>(*last + 1));
    }
    last = view->extensions.transport_sequence_number;
    EXPECT_EQ(view->extensions.absolute_capture_time.has_value(), rtp_packets == 0);
    ++rtp_packets;
  }
  EXPECT_GE(rtp_packets, 18);
}

TEST(MediaSession, BeginsAnewOnAnotherPath) {
  MediaSession session(1);
  ASSERT_TRUE(session.AddVideoSender(5));
  const auto sent_at_once = [&](Timestamp now) {
    EXPECT_TRUE(session.SendFrame(5, std::vector<uint8_t>(60'000, 3), true, now, now));
    int64_t bytes = 0;
    while (auto output = session.Poll(now)) {
      const auto& packet = std::get<SendPacket>(*output);
      if (packet.kind == PacketKind::kVideo) bytes += static_cast<int64_t>(packet.bytes.size());
    }
    return bytes;
  };
  EXPECT_GE(sent_at_once(kNow), transport::PacedSender::kInitialWindow);
  EXPECT_LT(sent_at_once(kNow), transport::PacedSender::kInitialWindow) << "the same path is paced";
  session.OnPathChanged();
  EXPECT_GE(sent_at_once(kNow), transport::PacedSender::kInitialWindow);
}

TEST(MediaSession, SpreadsALargeFrameOverTime) {
  MediaSession session(1);
  ASSERT_TRUE(session.AddVideoSender(5));
  ASSERT_TRUE(session.SendFrame(5, std::vector<uint8_t>(60'000, 3), true, kNow, kNow));
  int64_t bytes = 0;
  Timestamp now = kNow;
  const auto poll = [&] {
    while (auto output = session.Poll(now)) {
      const auto& packet = std::get<SendPacket>(*output);
      if (packet.kind == PacketKind::kVideo) bytes += static_cast<int64_t>(packet.bytes.size());
    }
  };
  poll();
  EXPECT_GE(bytes, transport::PacedSender::kInitialWindow);
  EXPECT_LE(bytes, transport::PacedSender::kInitialWindow + 2000);
  while (bytes < 60'000 && now < kNow + 1_s) {
    now = std::max(session.NextWakeup(), now);
    poll();
  }
  EXPECT_GE(now - kNow, 100_ms);
  EXPECT_LE(now - kNow, transport::PacketQueue::kMaxWait + 20_ms);
}

TEST(MediaSession, SurvivesArbitraryBytes) {
  MediaSession session(1);
  ASSERT_TRUE(session.AddVideoReceiver(5, 1));
  ASSERT_TRUE(session.AddAudioReceiver(6, 1));
  std::mt19937 random(4);
  std::vector<float> pcm(960);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<uint8_t> packet(random() % 200);
    for (uint8_t& byte : packet) byte = static_cast<uint8_t>(random());
    if (packet.size() > 12) {
      packet[0] = 0x80;
      packet[8] = packet[9] = packet[10] = 0;
      packet[11] = i % 2 ? 5 : 6;
    }
    (void)session.Receive(packet, kNow + Duration::Millis(i));
    if (i % 10 == 0) (void)session.PullAudio(6, 0_ms, kNow + Duration::Millis(i), pcm);
    while (session.Poll(kNow + Duration::Millis(i))) {
    }
  }
  EXPECT_GT(session.audio_receiver(6)->reception().packets(), 0);
}

TEST(MediaSession, AsksForAKeyframeAtMostEvery300Ms) {
  MediaSession session(1);
  ASSERT_TRUE(session.AddVideoReceiver(5, 0));
  ASSERT_TRUE(session.RequestKeyframe(5));
  int requests = 0;
  for (int ms = 0; ms < 1000; ++ms) {
    while (session.Poll(kNow + Duration::Millis(ms))) ++requests;
  }
  EXPECT_EQ(requests, 4);
  EXPECT_LE(session.NextWakeup(), kNow + 1200_ms);
}

}  // namespace
}  // namespace ferry::session
