// The loudest of a room, as its subscribers get them.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream_fanout.h"
#include "gateway/testing/media.h"
#include "gateway/testing/subscriber.h"

namespace ferry::gateway {
namespace {

using testing::Subscriber;

class SpeakersTest : public ::testing::Test, public PublisherSink {
 protected:
  static constexpr size_t kSpeakers = 4;
  void RequestKeyframe(uint32_t, Timestamp) override {}
  void RequestPackets(uint32_t, std::vector<uint16_t>, Timestamp) override {}

  SpeakersTest() {
    for (size_t i = 0; i < kSpeakers; ++i) {
      const StreamInfo info{.stream_id = "s" + std::to_string(i)};
      streams.push_back(std::make_unique<PublishedStream>(
          Publication{.key = {1, i + 1}, .info = info, .encodings = {{.ssrc = 1}}, .room = 7},
          *this, worker));
      for (auto* to : {&listener, &speaker}) {
        (*to)[i].subscription = std::make_unique<Subscription>(
            worker,
            SubscriptionRequest{
                .key = {1, i + 1}, .info = info, .ssrc = 9, .room = 7, .encodings = {{.ssrc = 1}}},
            (*to)[i], SubscriberNumbers{.next_sequence = 100}, now);
      }
    }
  }
  void Speak(const std::array<uint8_t, kSpeakers>& minus_dbov, int packets) {
    for (int i = 0; i < packets; ++i, ++sequence) {
      now += Duration::Millis(20);
      for (size_t s = 0; s < kSpeakers; ++s) {
        const auto bytes = testing::Bytes({.sequence = sequence,
                                           .timestamp = sequence * 960u,
                                           .payload_type = rtp::kOpusPayloadType,
                                           .audio_level = AudioLevel{.minus_dbov = minus_dbov[s]}});
        streams[s]->OnRtp(0, bytes, *rtp::ParseRtp(bytes), now);
      }
    }
  }
  size_t Heard(std::array<Subscriber, kSpeakers>& who, size_t speaker_index) {
    const size_t count = who[speaker_index].media.size();
    who[speaker_index].media.clear();
    return count;
  }

  Metrics metrics;
  SfuWorker worker{0, metrics, {}, {.loudest_speakers = 2}};
  Timestamp now = Timestamp::Millis(1000);
  uint16_t sequence = 65'500;
  std::array<Subscriber, kSpeakers> listener;
  std::array<Subscriber, kSpeakers> speaker;  // one whose own voice is among the loudest
  std::vector<std::unique_ptr<PublishedStream>> streams;
};

TEST_F(SpeakersTest, OnlyTheLoudestAreForwardedAndASpeakerHearsAsManyOthers) {
  Speak({20, 20, 60, 90}, 50);
  for (auto& one : speaker) one.speaking = true;
  for (auto* who : {&listener, &speaker}) {
    for (size_t i = 0; i < kSpeakers; ++i) Heard(*who, i);
  }
  Speak({20, 20, 60, 90}, 10);
  EXPECT_EQ(Heard(listener, 0), 10u);
  EXPECT_EQ(Heard(listener, 1), 10u);
  EXPECT_EQ(Heard(listener, 2), 0u);
  EXPECT_EQ(Heard(speaker, 2), 10u);
  EXPECT_EQ(Heard(speaker, 3), 0u);
}

TEST_F(SpeakersTest, ComingAndGoingLeavesNoGapInTheNumbers) {
  for (int i = 0; i < 20; ++i) {
    Speak({20, 20, 90, 90}, 40);
    Speak({90, 90, 20, 20}, 40);
  }
  for (auto& one : listener) {
    const auto numbers = one.Numbers();
    ASSERT_GT(numbers.size(), 200u);
    EXPECT_LT(numbers.size(), 1'400u) << "half of it was left out";
    for (size_t i = 0; i < numbers.size(); ++i) {
      ASSERT_EQ(numbers[i], static_cast<uint16_t>(100 + i));
    }
  }
}

}  // namespace
}  // namespace ferry::gateway
