// Whole sequences as one subscriber gets them: sequence number, timestamp and picture id of every
// packet, whatever switches, comes late or is left out.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/sequence_number.h"
#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream_fanout.h"
#include "gateway/testing/media.h"
#include "gateway/testing/subscriber.h"

namespace ferry::gateway {
namespace {

using testing::Subscriber;
using testing::TestPacket;

constexpr StreamId kKey{1, 1};
constexpr size_t kBig = 0;
constexpr size_t kSmall = 1;
constexpr uint32_t kFrameTicks = 3000;

class RewritingTest : public ::testing::Test, public PublisherSink {
 protected:
  void RequestKeyframe(uint32_t, Timestamp) override {}
  void RequestPackets(uint32_t, std::vector<uint16_t>, Timestamp) override {}

  void Start(Codec codec) {
    const StreamInfo info{.stream_id = "s1", .kind = MediaKind::kVideo, .codec = codec};
    payload_type = PayloadType(codec);
    stream.emplace(Publication{.key = kKey, .info = info, .encodings = kEncodings}, *this, worker);
    viewer.subscription = std::make_unique<Subscription>(
        worker,
        SubscriptionRequest{.key = kKey, .info = info, .ssrc = 500, .encodings = kEncodings},
        viewer, SubscriberNumbers{.next_sequence = 65'530}, now);
  }

  // Packets of one frame of an encoding, to be delivered when the test likes.
  struct Frame {
    size_t encoding;
    std::vector<TestPacket> packets;
  };
  Frame Make(size_t encoding, uint32_t timestamp, bool key, uint8_t temporal_id = 0,
             size_t packets = 3) {
    Numbers& own = numbers[encoding];
    ++own.picture;
    if (temporal_id == 0) ++own.tl0;
    Frame frame{encoding, {}};
    for (size_t i = 0; i < packets; ++i) {
      frame.packets.push_back({.ssrc = kEncodings[encoding].ssrc,
                               .sequence = own.sequence++,
                               .timestamp = timestamp,
                               .marker = i + 1 == packets,
                               .payload_type = payload_type,
                               .keyframe = key && i == 0,
                               .first = i == 0,
                               .picture_id = static_cast<uint16_t>(own.picture & 0x7FFF),
                               .tl0_index = own.tl0,
                               .temporal_id = temporal_id,
                               .layer_sync = false});
    }
    return frame;
  }
  void Deliver(const Frame& frame, std::optional<size_t> only = {},
               std::optional<size_t> but = {}) {
    for (size_t i = 0; i < frame.packets.size(); ++i) {
      if ((only && *only != i) || (but && *but == i)) continue;
      const auto bytes = testing::Bytes(frame.packets[i]);
      ASSERT_TRUE(stream->OnRtp(frame.encoding, bytes, *rtp::ParseRtp(bytes), now));
    }
  }
  void Want(size_t encoding, uint8_t max_temporal_id = VideoLayer::kAllTemporalLayers) {
    viewer.subscription->SetLayer({.encoding = encoding, .max_temporal_id = max_temporal_id}, now);
  }

  // What a decoder sees of the frame that a packet is of.
  struct Picture {
    uint32_t timestamp;
    uint16_t picture_id;
    uint8_t tl0_index;
    bool operator==(const Picture&) const = default;
  };
  // All packets sent, in the order of their numbers: packets of one frame of the publisher have the
  // same numbers, frames follow each other in time, and no number is used twice. Returns the
  // frames.
  std::vector<std::pair<Picture, const MediaPacket*>> Check() const {
    std::map<int64_t, const OutgoingPacket*> by_number;
    Unwrapper<uint16_t> unwrapper;
    for (const OutgoingPacket& packet : viewer.media) {
      EXPECT_TRUE(by_number.emplace(unwrapper.Unwrap(packet.sequence_number), &packet).second)
          << packet.sequence_number << " twice";
    }
    std::vector<std::pair<Picture, const MediaPacket*>> frames;
    std::pair<size_t, uint32_t> frame{SIZE_MAX, 0};
    for (const auto& [number, out] : by_number) {
      // As it is on the wire.
      std::array<uint8_t, MediaPacket::kMaxSize> bytes{};
      const auto written = viewer.subscription->Write(*out, 1, bytes);
      const auto view = rtp::ParseRtp(ByteSpan(bytes).first(written.size));
      EXPECT_TRUE(view);
      const PayloadFacts facts = FactsOf(
          Codec(out->packet->payload_type == rtp::kVp9PayloadType ? Codec::kVp9 : Codec::kVp8),
          view->payload);
      const Picture picture{view->header.timestamp, facts.numbers.picture_id,
                            facts.numbers.tl0_index};
      const std::pair<size_t, uint32_t> source{out->packet->encoding, out->packet->timestamp};
      if (source == frame) {
        EXPECT_EQ(picture.timestamp, frames.back().first.timestamp) << number;
        EXPECT_EQ(picture.picture_id, frames.back().first.picture_id) << number;
        EXPECT_EQ(picture.tl0_index, frames.back().first.tl0_index) << number;
        continue;
      }
      if (!frames.empty()) {
        EXPECT_TRUE(IsNewer(picture.timestamp, frames.back().first.timestamp))
            << number << ": " << picture.timestamp << " after " << frames.back().first.timestamp;
      }
      frame = source;
      frames.emplace_back(picture, &*out->packet);
    }
    return frames;
  }
  static uint16_t Distance(const Picture& to, const Picture& from) {
    return static_cast<uint16_t>((to.picture_id - from.picture_id) & 0x7FFF);
  }

  struct Numbers {
    uint16_t sequence;
    uint16_t picture;
    uint8_t tl0;
  };
  inline static const std::vector<EncodingInfo> kEncodings{{.ssrc = 10}, {.ssrc = 11}};
  Metrics metrics;
  SfuWorker worker{0, metrics};
  Timestamp now = Timestamp::Millis(5000);
  uint8_t payload_type = 0;
  std::array<Numbers, 2> numbers{Numbers{65'500, 32'760, 250}, Numbers{77, 9, 3}};
  uint32_t at = 0xFFFF'0000;  // timestamps wrap soon
  Subscriber viewer;
  std::optional<PublishedStream> stream;
};

TEST_F(RewritingTest, ALatePacketOfThePictureCapturedAtTheSwitchHasItsFramesTimestamp) {
  Start(Codec::kVp8);
  Deliver(Make(kBig, at, true));
  Want(kSmall);
  // The same picture in both sizes. The small one's key frame comes when the big one has been
  // forwarded but for a packet.
  at += kFrameTicks;
  const Frame big = Make(kBig, at, false);
  Deliver(big, {}, /*but=*/1);
  Deliver(Make(kSmall, at, true));
  Deliver(big, /*only=*/1);
  Deliver(Make(kSmall, at + kFrameTicks, false));
  const auto frames = Check();
  ASSERT_EQ(viewer.media.size(), 12u);
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(frames[1].first.timestamp, at) << "the old encoding's";
  EXPECT_EQ(frames[2].first.timestamp, at + 1) << "the new one's, behind it";
  EXPECT_EQ(frames[3].first.timestamp, at + kFrameTicks) << "and back at the publisher's";
}

TEST_F(RewritingTest, AfterALateKeyframeAtASwitchNoFrameGoesBack) {
  for (const Codec codec : {Codec::kVp8, Codec::kVp9}) {
    for (const uint32_t frames_late : {1u, 2u, 5u, 30u}) {
      viewer.subscription.reset();
      viewer.media.clear();
      stream.reset();
      Start(codec);
      Deliver(Make(kBig, at, true));
      Want(kSmall);
      const uint32_t late = at + kFrameTicks;
      for (uint32_t i = 0; i < frames_late; ++i) Deliver(Make(kBig, at += kFrameTicks, false));
      // The small encoding of the first of those, and all after it.
      const uint32_t newest = at;
      at = late;
      Deliver(Make(kSmall, at, true));
      for (uint32_t i = 0; i < 3 * frames_late + 3; ++i) {
        const Frame frame = Make(kSmall, at += kFrameTicks, false);
        Deliver(frame, {}, /*but=*/2);
        Deliver(frame, /*only=*/2);
      }
      const auto frames = Check();
      ASSERT_EQ(frames.size(), 1 + frames_late + 1 + 3 * frames_late + 3);
      EXPECT_EQ(frames[frames_late + 1].first.timestamp, newest + 1);
      EXPECT_EQ(frames.back().first.timestamp, at) << "it has caught up";
      at += 100 * kFrameTicks;
    }
  }
}

TEST_F(RewritingTest, LatePacketsOfFramesThatWereMovedAreMovedAlike) {
  Start(Codec::kVp8);
  Deliver(Make(kBig, at, true));
  Want(kSmall);
  const uint32_t late = at + kFrameTicks;
  for (int i = 0; i < 10; ++i) Deliver(Make(kBig, at += kFrameTicks, false));
  Deliver(Make(kSmall, late, true));
  const Frame second = Make(kSmall, late + kFrameTicks, false);
  Deliver(second, {}, /*but=*/0);
  for (uint32_t i = 2; i < 40; ++i) Deliver(Make(kSmall, late + i * kFrameTicks, false));
  Deliver(second, /*only=*/0);
  EXPECT_EQ(Check().size(), 11u + 40);
}

TEST_F(RewritingTest, ThereAndBackAgainManyTimesWithLateKeyframes) {
  for (const Codec codec : {Codec::kVp8, Codec::kVp9}) {
    viewer.subscription.reset();
    viewer.media.clear();
    stream.reset();
    Start(codec);
    Deliver(Make(kBig, at, true));
    size_t current = kBig;
    for (uint32_t round = 0; round < 40; ++round) {
      const size_t next = 1 - current;
      Want(next);
      const uint32_t switched = at + kFrameTicks;
      for (uint32_t i = 0; i < round % 4 + 1; ++i) Deliver(Make(current, at += kFrameTicks, false));
      Deliver(Make(next, switched, true));
      for (uint32_t i = 1; i < 8; ++i) {
        Deliver(Make(next, at = switched + i * kFrameTicks, false));
      }
      current = next;
    }
    const auto frames = Check();
    for (size_t i = 1; i < frames.size(); ++i) {
      EXPECT_EQ(Distance(frames[i].first, frames[i - 1].first), 1) << i;
    }
  }
}

TEST_F(RewritingTest, Vp8PictureIdsRunOnWhereLayersAreLeftOut) {
  Start(Codec::kVp8);
  Deliver(Make(kBig, at, true));
  Want(kBig, 0);
  for (int i = 0; i < 10; ++i) {
    Deliver(Make(kBig, at += kFrameTicks, false, 1));
    Deliver(Make(kBig, at += kFrameTicks, false, 0));
  }
  const auto frames = Check();
  ASSERT_EQ(frames.size(), 11u);
  for (size_t i = 1; i < frames.size(); ++i) {
    EXPECT_EQ(Distance(frames[i].first, frames[i - 1].first), 1);
    EXPECT_EQ(frames[i].first.tl0_index, static_cast<uint8_t>(frames[i - 1].first.tl0_index + 1));
  }
}

// Frames refer to others by how many picture ids lie between, and to their place in the picture
// group likewise.
TEST_F(RewritingTest, Vp9PictureIdsKeepTheirDistancesBetweenSwitches) {
  Start(Codec::kVp9);
  Deliver(Make(kBig, at, true));
  Want(kBig, 0);
  for (int i = 0; i < 10; ++i) {
    Deliver(Make(kBig, at += kFrameTicks, false, 2));
    Deliver(Make(kBig, at += kFrameTicks, false, 1));
    Deliver(Make(kBig, at += kFrameTicks, false, 2));
    Deliver(Make(kBig, at += kFrameTicks, false, 0));
  }
  Want(kSmall, 0);
  Deliver(Make(kSmall, at += kFrameTicks, true));
  for (int i = 0; i < 10; ++i) {
    Deliver(Make(kSmall, at += kFrameTicks, false, 1));
    Deliver(Make(kSmall, at += kFrameTicks, false, 0));
  }
  const auto frames = Check();
  ASSERT_EQ(frames.size(), 1u + 10 + 1 + 10);
  for (size_t i = 1; i < frames.size(); ++i) {
    const uint16_t distance = Distance(frames[i].first, frames[i - 1].first);
    if (frames[i].second->encoding != frames[i - 1].second->encoding) {
      EXPECT_EQ(distance, 1) << "the key frame of a switch begins a new series";
      continue;
    }
    EXPECT_EQ(distance, (frames[i].second->facts.numbers.picture_id -
                         frames[i - 1].second->facts.numbers.picture_id) &
                            0x7FFF)
        << i;
  }
}

}  // namespace
}  // namespace ferry::gateway
