// Encodings and temporal layers: what a subscriber sees when they change.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <vector>

#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream_fanout.h"
#include "gateway/testing/media.h"
#include "gateway/testing/subscriber.h"

namespace ferry::gateway {
namespace {

using testing::Subscriber;
using testing::TestPacket;

constexpr size_t kBig = 0;
constexpr size_t kSmall = 1;

class SimulcastTest : public ::testing::Test, public PublisherSink {
 protected:
  void RequestKeyframe(uint32_t ssrc, Timestamp) override { ++requests[ssrc]; }
  void RequestPackets(uint32_t, std::vector<uint16_t>, Timestamp) override {}

  SimulcastTest() {
    viewer.subscription = std::make_unique<Subscription>(
        worker,
        SubscriptionRequest{.key = {1, 1}, .info = kInfo, .ssrc = 500, .encodings = kEncodings},
        viewer, SubscriberNumbers{.next_sequence = 1000}, now);
    requests.clear();
  }
  // Both encodings of one captured frame, of two packets each.
  void Capture(bool big_key, bool small_key, uint8_t temporal_id = 0, bool layer_sync = false) {
    timestamp += 3000;
    now += Duration::Millis(33);
    Publish(kBig, timestamp, big_key, temporal_id, layer_sync);
    Publish(kSmall, timestamp, small_key, temporal_id, layer_sync);
  }
  void Publish(size_t encoding, uint32_t at, bool key, uint8_t temporal_id = 0,
               bool layer_sync = false) {
    Numbers& own = numbers[encoding];
    if (temporal_id == 0) ++own.tl0;
    ++own.picture;
    for (const bool first : {true, false}) {
      Packet(encoding, {.ssrc = kEncodings[encoding].ssrc,
                        .sequence = own.sequence++,
                        .timestamp = at,
                        .marker = !first,
                        .keyframe = key && first,
                        .first = first,
                        .picture_id = static_cast<uint16_t>(own.picture & 0x7FFF),
                        .tl0_index = own.tl0,
                        .temporal_id = temporal_id,
                        .layer_sync = layer_sync});
    }
  }
  void Packet(size_t encoding, const TestPacket& packet) {
    const auto bytes = testing::Bytes(packet);
    stream.OnRtp(encoding, bytes, *rtp::ParseRtp(bytes), now);
  }
  void Want(VideoLayer layer) { viewer.subscription->SetLayer(layer, now); }
  // Everything the viewer was sent is continuous: numbers without gap, pictures that go up by one.
  void ExpectContinuous() {
    for (size_t i = 1; i < viewer.media.size(); ++i) {
      const OutgoingPacket& before = viewer.media[i - 1];
      const OutgoingPacket& packet = viewer.media[i];
      EXPECT_EQ(packet.sequence_number, static_cast<uint16_t>(before.sequence_number + 1));
      const bool new_frame = packet.packet->facts.starts_frame;
      EXPECT_EQ(packet.picture.picture_id, (before.picture.picture_id + new_frame) & 0x7FFF);
      if (new_frame) {
        EXPECT_TRUE(IsNewer(packet.timestamp, before.timestamp)) << i;
        const bool base = packet.packet->facts.temporal_id == 0;
        EXPECT_EQ(packet.picture.tl0_index, static_cast<uint8_t>(before.picture.tl0_index + base));
      }
    }
  }
  std::vector<size_t> Encodings() const {
    std::vector<size_t> out;
    for (const auto& packet : viewer.media) out.push_back(packet.packet->encoding);
    return out;
  }
  using Sizes = std::vector<size_t>;
  using Layers = std::vector<ForwardedLayer>;

  struct Numbers {
    uint16_t sequence;
    uint16_t picture;
    uint8_t tl0;
  };
  inline static const StreamInfo kInfo{
      .stream_id = "s1", .kind = MediaKind::kVideo, .codec = Codec::kVp8};
  inline static const std::vector<EncodingInfo> kEncodings{{.ssrc = 10}, {.ssrc = 11}};

  Metrics metrics;
  SfuWorker worker{0, metrics};
  Timestamp now = Timestamp::Millis(5000);
  std::map<uint32_t, int> requests;
  std::array<Numbers, 2> numbers{Numbers{65'533, 32'765, 253}, Numbers{77, 9, 3}};
  uint32_t timestamp = 90'000;
  Subscriber viewer;
  PublishedStream stream{{.key = {1, 1}, .info = kInfo, .encodings = kEncodings}, *this, worker};
};

TEST_F(SimulcastTest, SwitchesAtAKeyframeOfTheNewEncodingAndForwardsTheOldOneUntilThen) {
  Capture(true, true);
  Capture(false, false);
  Want({.encoding = kSmall});
  EXPECT_EQ(requests[11], 1) << "a key frame is asked of the encoding that is wanted";
  EXPECT_EQ(requests[10], 0);
  Capture(false, false);
  Capture(false, true);
  Capture(false, false);
  EXPECT_EQ(Encodings(), (Sizes{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(viewer.layers, (Layers{ForwardedLayer::kBig, ForwardedLayer::kSmall}));
}

TEST_F(SimulcastTest, NumbersGoOnAcrossManySwitches) {
  Capture(true, true);
  for (int i = 0; i < 40; ++i) {
    Want({.encoding = i % 2 ? kBig : kSmall});
    Capture(i % 2, !(i % 2));
    Capture(false, false);
  }
  EXPECT_EQ(viewer.layers.size(), 41u);
  ExpectContinuous();
}

TEST_F(SimulcastTest, AnotherPreferenceBeforeTheKeyframeCameTakesTheFirstBack) {
  Capture(true, true);
  Want({.encoding = kSmall});
  Want({.encoding = kBig});
  Capture(false, true);
  EXPECT_EQ(Encodings(), (Sizes{0, 0, 0, 0}));
}

TEST_F(SimulcastTest, PausedNothingIsForwardedAndItGoesOnAtAKeyframe) {
  Capture(true, true);
  Want({.encoding = std::nullopt});
  Capture(true, true);
  EXPECT_EQ(viewer.media.size(), 2u);
  now += Duration::Millis(300);
  Want({.encoding = kBig});
  EXPECT_EQ(requests[10], 1);
  Capture(false, false);
  EXPECT_EQ(viewer.media.size(), 2u);
  Capture(true, false);
  EXPECT_EQ(viewer.media.size(), 4u);
  ExpectContinuous();
  EXPECT_EQ(viewer.layers,
            (Layers{ForwardedLayer::kBig, ForwardedLayer::kNone, ForwardedLayer::kBig}));
}

TEST_F(SimulcastTest, TemporalLayersAreLeftOutWithoutAGap) {
  Capture(true, true);
  Want({.encoding = kBig, .max_temporal_id = 0});
  for (int i = 0; i < 10; ++i) {
    Capture(false, false, 2);
    Capture(false, false, 1);
    Capture(false, false, 2);
    Capture(false, false, 0);
  }
  EXPECT_EQ(viewer.media.size(), 2u + 2 * 10);
  ExpectContinuous();
}

TEST_F(SimulcastTest, TemporalLayersComeBackAtALayerSync) {
  Capture(true, true);
  Want({.encoding = kBig, .max_temporal_id = 0});
  Capture(false, false, 1);
  Capture(false, false, 0);
  Want({.encoding = kBig});
  Capture(false, false, 1);
  EXPECT_EQ(viewer.media.size(), 4u) << "depends on one that was left out";
  Capture(false, false, 0);
  Capture(false, false, 1, /*layer_sync=*/true);
  Capture(false, false, 2);
  EXPECT_EQ(viewer.media.size(), 10u);
  ExpectContinuous();
}

TEST_F(SimulcastTest, AKeyframeWhoseFirstPacketCameLateIsBegunWithInOrder) {
  const TestPacket first{
      .ssrc = 10, .sequence = 7, .timestamp = 50, .marker = false, .keyframe = true};
  Packet(kBig, {.ssrc = 10, .sequence = 9, .timestamp = 50, .first = false});
  Packet(kBig, {.ssrc = 10, .sequence = 10, .timestamp = 3050, .first = true});
  Packet(kBig, first);
  EXPECT_EQ(viewer.Numbers(), (std::vector<uint16_t>{1000, 1002, 1003})) << "8 may still come";
  Packet(kBig, {.ssrc = 10, .sequence = 8, .timestamp = 50, .marker = false, .first = false});
  EXPECT_EQ(viewer.Numbers().back(), 1001);
}

TEST_F(SimulcastTest, AKeyframeThatCameMuchTooLateIsNoBeginning) {
  for (uint16_t i = 0; i <= StreamFanout::kRecentPackets; ++i) {
    Packet(kBig, {.ssrc = 10, .sequence = static_cast<uint16_t>(8 + i), .first = false});
  }
  now += Duration::Millis(400);
  Packet(kBig, {.ssrc = 10, .sequence = 7, .marker = false, .keyframe = true});
  EXPECT_TRUE(viewer.media.empty());
  EXPECT_EQ(requests[10], 1) << "another is asked for";
}

TEST_F(SimulcastTest, LatePacketsOfTheEncodingBeforeTheSwitchFillTheirGap) {
  Capture(true, true);
  Numbers& big = numbers[kBig];
  const TestPacket lost{.ssrc = 10,
                        .sequence = big.sequence++,
                        .timestamp = timestamp + 3000,
                        .marker = false,
                        .picture_id = 1};
  Packet(kBig, {.ssrc = 10,
                .sequence = big.sequence++,
                .timestamp = timestamp + 3000,
                .first = false,
                .picture_id = 1});
  Want({.encoding = kSmall});
  timestamp += 3000;
  Publish(kSmall, timestamp + 3000, true);
  Packet(kBig, lost);
  EXPECT_EQ(viewer.Numbers(), (std::vector<uint16_t>{1000, 1001, 1003, 1004, 1005, 1002}));
}

}  // namespace
}  // namespace ferry::gateway
