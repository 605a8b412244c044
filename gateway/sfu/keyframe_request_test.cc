// How many key frames subscribers can make a publisher send.
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/testing/media.h"
#include "gateway/testing/subscriber.h"

namespace ferry::gateway {
namespace {

using testing::Subscriber;

// A publisher that sends a frame every 20 ms, and a key frame as soon as it is asked.
class KeyframeRequestTest : public ::testing::Test, public PublisherSink {
 protected:
  void RequestKeyframe(uint32_t, Timestamp at) override {
    requests.push_back(at);
    key = true;
  }
  void RequestPackets(uint32_t, std::vector<uint16_t>, Timestamp) override {}

  Subscriber& Join() {
    Subscriber& joined = *subscribers.emplace_back(std::make_unique<Subscriber>());
    const auto ssrc = static_cast<uint32_t>(100 + subscribers.size());
    joined.subscription = std::make_unique<Subscription>(
        worker,
        SubscriptionRequest{.key = {1, 7}, .info = kInfo, .ssrc = ssrc, .encodings = {{.ssrc = 1}}},
        joined, SubscriberNumbers{}, now);
    return joined;
  }
  void Step() {
    now += Duration::Millis(20);
    const auto bytes = testing::Bytes({.sequence = sequence++,
                                       .timestamp = sequence * 1800u,
                                       .keyframe = std::exchange(key, false)});
    stream.OnRtp(0, bytes, *rtp::ParseRtp(bytes), now);
    for (const auto& one : subscribers) {
      for (const auto& packet : one->media) one->subscription->OnSent(packet, now);
      if (!one->media.empty()) last_sent = one->media.back().sequence_number;
      one->media.clear();
    }
    worker.Tick(now);
    stream.Tick(now);
  }
  static std::vector<int64_t> Milliseconds(const std::vector<Timestamp>& times) {
    std::vector<int64_t> between;
    for (size_t i = 1; i < times.size(); ++i) between.push_back((times[i] - times[i - 1]).ms());
    return between;
  }

  inline static const StreamInfo kInfo{
      .stream_id = "s1", .kind = MediaKind::kVideo, .codec = Codec::kVp8};
  Metrics metrics;
  SfuWorker worker{0, metrics};
  Timestamp now = Timestamp::Millis(5000);
  uint16_t sequence = 0;
  uint16_t last_sent = 0;
  bool key = false;
  std::vector<Timestamp> requests;
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  PublishedStream stream{Publication{.key = {1, 7}, .info = kInfo, .encodings = {{.ssrc = 1}}},
                         *this, worker};
};

TEST_F(KeyframeRequestTest, OneThatAsksWithoutEndCostsTheRoomAKeyframeInEightSeconds) {
  Subscriber& one = Join();
  for (int i = 0; i < 50; ++i) Step();
  requests.clear();
  for (int i = 0; i < 3000; ++i) {
    one.subscription->OnPictureLoss(now);
    Step();
  }
  EXPECT_EQ(Milliseconds(requests),
            (std::vector<int64_t>{1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000, 8000}));
}

TEST_F(KeyframeRequestTest, OneWhosePathLosesPacketsIsServedEverySecond) {
  Subscriber& one = Join();
  for (int i = 0; i < 50; ++i) Step();
  requests.clear();
  for (int i = 0; i < 500; ++i) {
    one.subscription->OnNack({last_sent}, now);
    one.subscription->OnPictureLoss(now);
    Step();
  }
  EXPECT_EQ(Milliseconds(requests), std::vector<int64_t>(9, 1000));
}

TEST_F(KeyframeRequestTest, AfterAQuietTimeTheFirstIsPassedOnAtOnce) {
  Subscriber& one = Join();
  for (int i = 0; i < 1000; ++i) {
    one.subscription->OnPictureLoss(now);
    Step();
  }
  for (int i = 0; i < 800; ++i) Step();
  requests.clear();
  for (int i = 0; i < 75; ++i) {
    one.subscription->OnPictureLoss(now);
    Step();
  }
  EXPECT_EQ(Milliseconds(requests), std::vector<int64_t>{1000});
}

TEST_F(KeyframeRequestTest, ManyThatLosePacketsCostTheRoomOneKeyframeASecond) {
  for (int i = 0; i < 50; ++i) Join();
  for (int i = 0; i < 500; ++i) {
    for (const auto& one : subscribers) {
      one->subscription->OnNack({last_sent}, now);
      one->subscription->OnPictureLoss(now);
    }
    Step();
  }
  EXPECT_LE(requests.size(), 13u) << "in ten seconds";
}

TEST_F(KeyframeRequestTest, WhoJoinsAmongOthersThatJoinWaitsASecondAtMost) {
  for (int i = 0; i < 1000; ++i) {
    if (i % 7 == 0) Join();
    Step();
    if (i < 51) continue;
    const size_t old = static_cast<size_t>(i - 51) / 7 + 1;
    EXPECT_FALSE(subscribers[old - 1]->subscription->waiting_for_keyframe()) << i;
  }
  EXPECT_LE(requests.size(), 22u) << "in twenty seconds";
}

}  // namespace
}  // namespace ferry::gateway
