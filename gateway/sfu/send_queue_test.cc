#include "gateway/sfu/send_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "gateway/testing/media.h"

namespace ferry::gateway {
namespace {

using testing::Make;
using testing::TestPacket;

// A stream that numbers what waits as a subscription would.
struct FakeStream final : public OutgoingStream {
  using OutgoingStream::OutgoingStream;
  bool video() const override { return true; }
  void OnDropped(const VideoDrop& drop, Timestamp) override {
    drops.push_back(drop);
    if (drop.kept_sequence) {
      lowered_by = static_cast<uint16_t>(*drop.kept_sequence - drop.resume_sequence);
    }
  }
  void Renumber(OutgoingPacket& waiting) const override {
    waiting.sequence_number = static_cast<uint16_t>(waiting.sequence_number - lowered_by);
  }
  Written Write(const OutgoingPacket&, uint16_t, MutableByteSpan) const override { return {}; }
  void OnSent(OutgoingPacket, Timestamp) override {}
  std::optional<OutgoingPacket> FindSent(uint16_t) const override { return std::nullopt; }

  std::vector<VideoDrop> drops;
  uint16_t lowered_by = 0;
};

class SendQueueTest : public ::testing::Test, public SendQueue::Listener {
 protected:
  void OnVideoDropped(size_t packets) override { dropped += packets; }
  void OnAudioDropped() override { ++audio_drops; }

  // One frame of `packets` packets; sequence numbers go on by themselves.
  void PushFrame(OutgoingStream& stream, bool keyframe, size_t packets = 1, size_t size = 100) {
    const uint32_t timestamp = next_timestamp += 3000;
    for (size_t i = 0; i < packets; ++i) {
      TestPacket packet{.timestamp = timestamp,
                        .marker = i + 1 == packets,
                        .keyframe = keyframe && i == 0,
                        .first = i == 0,
                        .payload_size = size};
      queue.PushVideo({.packet = Make(pool, packet),
                       .stream = &stream,
                       .timestamp = timestamp,
                       .sequence_number = sequence[stream.ssrc()]++,
                       .enqueued = now});
    }
  }
  void PushAudio(size_t size = 100) {
    queue.PushAudio(
        {.packet = Make(pool, {.payload_type = rtp::kOpusPayloadType, .payload_size = size}),
         .stream = &audio,
         .sequence_number = sequence[audio.ssrc()]++,
         .enqueued = now});
  }
  // "r" RTCP, "a3" audio number 3, "v7" video number 7, "x7" a retransmission.
  std::string Pop() {
    auto item = queue.Pop(now);
    if (!item) return "";
    if (std::get_if<SendQueue::Rtcp>(&*item)) return "r";
    const auto& packet = std::get<OutgoingPacket>(*item);
    const char* kind = packet.retransmission ? "x" : packet.stream == &audio ? "a" : "v";
    return kind + std::to_string(packet.sequence_number);
  }
  std::string PopAll() {
    std::string all;
    for (std::string item = Pop(); !item.empty(); item = Pop())
      all += (all.empty() ? "" : " ") + item;
    return all;
  }

  FakeStream video{10};
  FakeStream other_video{11};
  FakeStream audio{20};
  PacketPool pool;
  SendQueue::Limits limits;
  SendQueue queue{limits, *this};
  Timestamp now = Timestamp::Millis(1000);
  const std::vector<VideoDrop>& drops = video.drops;
  size_t dropped = 0;
  int audio_drops = 0;
  std::map<uint32_t, uint16_t> sequence;
  uint32_t next_timestamp = 0;
};

TEST_F(SendQueueTest, OfAStreamsSenderReportsOnlyTheLastWaits) {
  queue.PushSenderReport(video.ssrc(), {1}, now);
  queue.PushSenderReport(audio.ssrc(), {2}, now);
  queue.PushSenderReport(video.ssrc(), {3}, now);
  EXPECT_EQ(std::get<SendQueue::Rtcp>(*queue.Pop(now)), SendQueue::Rtcp{3});
  EXPECT_EQ(std::get<SendQueue::Rtcp>(*queue.Pop(now)), SendQueue::Rtcp{2});
  EXPECT_TRUE(queue.empty());
}

TEST_F(SendQueueTest, SenderReportsAreBoundedAndPushOutNoRequest) {
  queue.PushRtcp({0xAA}, now);
  for (uint32_t ssrc = 0; ssrc < 2 * SendQueue::kMaxSenderReports; ++ssrc) {
    queue.PushSenderReport(ssrc, {1}, now);
  }
  EXPECT_EQ(std::get<SendQueue::Rtcp>(*queue.Pop(now)), SendQueue::Rtcp{0xAA});
  size_t reports = 0;
  for (; !queue.empty(); ++reports) EXPECT_EQ(Pop(), "r");
  EXPECT_EQ(reports, SendQueue::kMaxSenderReports);
}

TEST_F(SendQueueTest, AStreamThatEndsTakesItsSenderReportAlong) {
  queue.PushSenderReport(video.ssrc(), {1}, now);
  queue.RemoveStream(video);
  EXPECT_TRUE(queue.empty());
}

TEST_F(SendQueueTest, ReportsGoFirstThenAudioThenVideo) {
  PushFrame(video, true, 2);
  PushAudio();
  queue.PushRtcp({1, 2, 3, 4}, now);
  EXPECT_EQ(PopAll(), "r a0 v0 v1");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST_F(SendQueueTest, AudioOvertakesVideoThatWaits) {
  PushFrame(video, true, 3);
  EXPECT_EQ(Pop(), "v0");
  PushAudio();
  EXPECT_EQ(PopAll(), "a0 v1 v2");
}

TEST_F(SendQueueTest, RetransmissionsGoBeforeNewVideo) {
  PushFrame(video, true);
  queue.PushRetransmission(
      {.packet = Make(pool, {}), .stream = &video, .sequence_number = 99, .enqueued = now});
  EXPECT_EQ(PopAll(), "x99 v0");
}

TEST_F(SendQueueTest, VideoWithinItsAgeIsKept) {
  PushFrame(video, true);
  now += limits.max_video_age;
  EXPECT_EQ(PopAll(), "v0");
  EXPECT_TRUE(drops.empty());
}

TEST_F(SendQueueTest, StaleVideoIsDroppedWholeUpToTheEndWhenNoKeyframeWaits) {
  PushFrame(video, true, 2);
  PushFrame(video, false, 2);
  now += limits.max_video_age + Duration::Millis(1);
  PushFrame(video, false, 1);  // fresh, but nothing can be decoded from it
  EXPECT_EQ(PopAll(), "");
  ASSERT_EQ(drops.size(), 1u);
  EXPECT_FALSE(drops[0].kept_sequence) << "a key frame is needed";
  EXPECT_EQ(drops[0].resume_sequence, 0);
  EXPECT_EQ(drops[0].packets, 5u) << "the first push after the age was passed finds them";
}

TEST_F(SendQueueTest, AFreshKeyframeThatWaitsIsKeptAndRenumbered) {
  PushFrame(video, true, 2);   // 0 1
  PushFrame(video, false, 2);  // 2 3
  now += Duration::Millis(300);
  PushFrame(video, true, 2);   // 4 5
  PushFrame(video, false, 1);  // 6
  now += Duration::Millis(200);
  EXPECT_EQ(PopAll(), "v0 v1 v2");
  ASSERT_EQ(drops.size(), 1u);
  EXPECT_EQ(drops[0].kept_sequence, 4);
  EXPECT_EQ(drops[0].packets, 4u);
  EXPECT_EQ(dropped, 4u);
  EXPECT_EQ(drops[0].resume_sequence, 0);
}

TEST_F(SendQueueTest, AFrameAlreadyBegunIsFinishedThoughStale) {
  PushFrame(video, true, 3);   // 0 1 2
  PushFrame(video, false, 1);  // 3
  EXPECT_EQ(Pop(), "v0");
  now += limits.max_video_age + Duration::Millis(1);
  EXPECT_EQ(PopAll(), "v1 v2");
  ASSERT_EQ(drops.size(), 1u);
  EXPECT_EQ(drops[0].packets, 1u);
  EXPECT_EQ(drops[0].resume_sequence, 3);
}

TEST_F(SendQueueTest, OneStreamsStalenessLeavesAnotherAlone) {
  PushFrame(video, true, 1);
  now += Duration::Millis(300);
  PushFrame(other_video, true, 1);
  now += Duration::Millis(200);
  EXPECT_EQ(PopAll(), "v0");
  EXPECT_EQ(drops.size(), 1u);
  EXPECT_TRUE(other_video.drops.empty());
}

TEST_F(SendQueueTest, SequenceNumbersThatWrapStillFindTheFirstDropped) {
  sequence[video.ssrc()] = 65534;
  PushFrame(video, true, 4);  // 65534 65535 0 1
  now += limits.max_video_age + Duration::Millis(1);
  EXPECT_EQ(PopAll(), "");
  ASSERT_EQ(drops.size(), 1u);
  EXPECT_EQ(drops[0].resume_sequence, 65534);
}

TEST_F(SendQueueTest, StaleAudioIsDroppedOldestFirst) {
  PushAudio();
  now += Duration::Millis(400);
  PushAudio();
  now += Duration::Millis(300);
  EXPECT_EQ(PopAll(), "a1");
  EXPECT_EQ(audio_drops, 1);
}

TEST_F(SendQueueTest, MediaIsBoundedInBytesAndVideoGoesFirst) {
  for (int i = 0; i < 20; ++i) PushAudio(1000);
  for (int i = 0; i < 2000; ++i) {
    PushFrame(video, i == 0, 1, 1000);
    ASSERT_LE(queue.bytes(), limits.max_media_bytes);
  }
  EXPECT_FALSE(drops.empty());
  EXPECT_EQ(audio_drops, 0);
  EXPECT_EQ(Pop(), "a0");
}

TEST_F(SendQueueTest, AudioAloneIsBoundedToo) {
  for (int i = 0; i < 2000; ++i) PushAudio(1000);
  EXPECT_LE(queue.bytes(), limits.max_media_bytes);
  EXPECT_GT(audio_drops, 900);
}

TEST_F(SendQueueTest, ReportsAreBoundedByCount) {
  for (int i = 0; i < 1000; ++i) queue.PushRtcp({1}, now);
  size_t count = 0;
  while (!Pop().empty()) ++count;
  EXPECT_EQ(count, SendQueue::kMaxRtcpPackets);
}

TEST_F(SendQueueTest, RetransmissionsAreBoundedByCountAndAge) {
  const PacketRef packet = Make(pool, {});
  for (uint16_t i = 0; i < 1000; ++i) {
    queue.PushRetransmission(
        {.packet = packet, .stream = &video, .sequence_number = i, .enqueued = now});
  }
  EXPECT_EQ(queue.bytes(), SendQueue::kMaxRetransmissions * packet->size);
  now += limits.max_video_age + Duration::Millis(1);
  EXPECT_EQ(PopAll(), "");
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST_F(SendQueueTest, StallsWhenTheTransportTakesNothingThoughEverythingWasDropped) {
  PushFrame(video, true);
  EXPECT_EQ(Pop(), "v0");  // the transport hangs in writing this
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(queue.stalled(now)) << i;
    now += Duration::Millis(100);
    queue.DropStale(now);
    PushFrame(video, true);
  }
  now += Duration::Millis(100);
  EXPECT_TRUE(queue.stalled(now));
}

TEST_F(SendQueueTest, WithoutPacingBudgetOnlyVideoWaits) {
  PushFrame(video, true);
  PushAudio();
  queue.PushRetransmission({.packet = Make(pool, {}), .stream = &video, .enqueued = now});
  size_t count = 0;
  while (queue.Pop(now, /*paced=*/false)) ++count;
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(PopAll(), "v0");
}

TEST_F(SendQueueTest, SilenceIsNoStall) {
  PushFrame(video, true);
  EXPECT_EQ(PopAll(), "v0");
  now += Duration::Millis(60'000);
  EXPECT_FALSE(queue.stalled(now));
  PushFrame(video, true);
  EXPECT_FALSE(queue.stalled(now));
}

TEST_F(SendQueueTest, ARemovedStreamLeavesNothingBehind) {
  PushFrame(video, true, 5);
  PushAudio();
  Pop();
  queue.RemoveStream(video);
  queue.RemoveStream(audio);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_EQ(pool.in_use(), 0u);
  EXPECT_TRUE(drops.empty());
}

}  // namespace
}  // namespace ferry::gateway
