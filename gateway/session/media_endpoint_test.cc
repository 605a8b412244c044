// Endpoints without sessions: pacing, layers by bandwidth, and moving to another worker.
#include "gateway/session/media_endpoint.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "gateway/testing/media.h"

namespace ferry::gateway {
namespace {

using testing::TestPacket;

constexpr StreamId kKey{1, 1};
const StreamInfo kVideo{.stream_id = "s1", .kind = MediaKind::kVideo, .codec = Codec::kVp8};
const std::vector<EncodingInfo> kEncodings{{.ssrc = 10, .width = 1280, .height = 720},
                                           {.ssrc = 11, .width = 320, .height = 180}};

// A connection that counts how often it is woken.
class WokenConnection final : public net::Connection {
 public:
  void Wake() override { ++wakes; }
  void Close(uint16_t, std::string_view) override {}
  void Abort() override {}
  net::TransportKind transport() const override { return net::TransportKind::kWebTransport; }
  bool reliable() const override { return false; }
  const std::string& remote_address() const override { return address_; }
  size_t max_media_bytes() override { return max_bytes; }
  int wakes = 0;
  size_t max_bytes = net::kMaxMediaBytes;

 private:
  std::string address_ = "192.0.2.1";
};

class MediaEndpointTest : public ::testing::Test, public MediaEndpointListener {
 protected:
  void OnLayerChanged(const SubscriptionRequest& subscription, ForwardedLayer layer) override {
    EXPECT_EQ(subscription.key, kKey);
    layers.push_back(layer);
  }
  MediaEndpointTest() {
    publisher->Attach(publisher_connection, now);
    publisher->Publish({.key = kKey, .info = kVideo, .encodings = kEncodings});
    viewer->Attach(viewer_connection, now);
    EXPECT_TRUE(viewer->Subscribe(
        {.key = kKey, .info = kVideo, .ssrc = 500, .encodings = kEncodings}, now));
  }
  std::unique_ptr<MediaEndpoint> Endpoint(uint32_t own_ssrc) {
    return std::make_unique<MediaEndpoint>(limits, worker, *this, own_ssrc);
  }
  // One frame of `bytes` payload.
  void Frame(size_t encoding, bool key, size_t bytes) {
    const size_t packets = (bytes + 999) / 1000;
    for (size_t i = 0; i < packets; ++i) {
      publisher->OnPacket(
          testing::Bytes(
              {.ssrc = kEncodings[encoding].ssrc,
               .sequence = sequence[encoding]++,
               .timestamp = timestamp,
               .marker = i + 1 == packets,
               .keyframe = key && i == 0,
               .first = i == 0,
               .payload_size = bytes / packets,
               .transport_sequence = numbered ? std::optional(uint16_t{0}) : std::nullopt}),
          now);
    }
  }
  size_t Drain() {
    net::OutgoingFrame frame;
    size_t count = 0;
    while (viewer->NextFrame(frame, now)) ++count;
    return count;
  }
  using Layers = std::vector<ForwardedLayer>;

  MediaLimits limits;
  Metrics metrics;
  SfuWorker worker{0, metrics};
  Timestamp now = Timestamp::Millis(5000);
  WokenConnection publisher_connection;
  WokenConnection viewer_connection;
  Layers layers;
  std::array<uint16_t, 2> sequence{};
  uint32_t timestamp = 1;
  bool numbered = true;  // by the publisher, transport-wide
  std::unique_ptr<MediaEndpoint> publisher = Endpoint(1);
  std::unique_ptr<MediaEndpoint> viewer = Endpoint(2);
};

TEST_F(MediaEndpointTest, VideoAboveThePacingRateIsHeldAndGoesOnAtTheNextTick) {
  Frame(0, true, 60'000);
  const size_t at_once = Drain();
  EXPECT_GT(at_once, 2u) << "a burst leaves in one run";
  EXPECT_LT(at_once, 30u);
  EXPECT_FALSE(worker.wakes().empty());
  size_t sent = at_once;
  const Timestamp begin = now;
  for (int i = 0; i < 200 && sent < 60; ++i) {
    viewer_connection.wakes = 0;
    now += WakeScheduler::kInterval;
    worker.wakes().Run();
    EXPECT_EQ(viewer_connection.wakes, 1);
    sent += Drain();
  }
  EXPECT_EQ(sent, 60u);
  EXPECT_GT((now - begin).ms(), 30);
  EXPECT_LT((now - begin).ms(), 200);
}

TEST_F(MediaEndpointTest, AnEndpointIsWokenOnceATickHoweverManyPacketsCome) {
  Frame(0, true, 60'000);
  Drain();
  viewer_connection.wakes = 0;
  Frame(0, false, 5'000);
  EXPECT_EQ(viewer_connection.wakes, 0);
  worker.wakes().Run();
  EXPECT_EQ(viewer_connection.wakes, 1);
}

TEST_F(MediaEndpointTest, WithoutAConnectionNothingIsKeptAndVideoGoesOnAtAKeyframe) {
  Frame(0, true, 3'000);
  EXPECT_EQ(Drain(), 3u);
  viewer->Suspend();
  Frame(0, false, 3'000);
  EXPECT_EQ(viewer->queued_bytes(), 0u);
  WokenConnection other;
  viewer->Attach(other, now);
  Frame(0, false, 3'000);
  EXPECT_EQ(Drain(), 0u);
  Frame(0, true, 3'000);
  EXPECT_EQ(Drain(), 3u);
}

TEST_F(MediaEndpointTest, TakenToAnotherWorkerItsNumbersGoOn) {
  net::OutgoingFrame frame;
  timestamp = 0x9000'0000;  // older than 0 by RFC 1982
  Frame(0, true, 2'000);
  uint16_t last = 0;
  while (viewer->NextFrame(frame, now)) last = rtp::ParseRtp(frame.bytes)->header.sequence_number;
  MediaState state = viewer->TakeState();
  viewer = MediaEndpoint::FromState(limits, worker, *this, std::move(state), now);
  viewer->Attach(viewer_connection, now);
  timestamp += 3'000;
  Frame(0, true, 1'000);
  ASSERT_TRUE(viewer->NextFrame(frame, now));
  const auto packet = rtp::ParseRtp(frame.bytes);
  EXPECT_EQ(packet->header.timestamp, timestamp);
  EXPECT_EQ(packet->header.ssrc, 500u);
  EXPECT_EQ(packet->header.sequence_number, static_cast<uint16_t>(last + 1));
  EXPECT_EQ(packet->extensions.transport_sequence_number, 2);
}

TEST_F(MediaEndpointTest, TakenToAnotherWorkerItsTimestampsGoOnFromWhereverTheyStood) {
  const auto sent = [&] {
    net::OutgoingFrame frame;
    std::optional<uint32_t> newest;
    while (viewer->NextFrame(frame, now)) newest = rtp::ParseRtp(frame.bytes)->header.timestamp;
    return newest;
  };
  for (const uint32_t last : {0x8000'0001u, 0xC000'0000u, 0xFFFF'FFF0u, 0x7FFF'FFF0u}) {
    timestamp = last;
    Frame(0, true, 1'000);
    ASSERT_TRUE(sent());
    viewer = MediaEndpoint::FromState(limits, worker, *this, viewer->TakeState(), now);
    viewer->Attach(viewer_connection, now);
    timestamp = last + 3000;
    Frame(0, true, 1'000);
    EXPECT_EQ(sent(), last + 3000);
    // Another key frame that is as old as what was forwarded follows that.
    viewer = MediaEndpoint::FromState(limits, worker, *this, viewer->TakeState(), now);
    viewer->Attach(viewer_connection, now);
    Frame(0, true, 1'000);
    EXPECT_EQ(sent(), last + 3001);
    viewer = MediaEndpoint::FromState(limits, worker, *this, MediaState{.own_ssrc = 2}, now);
    viewer->Attach(viewer_connection, now);
    ASSERT_TRUE(viewer->Subscribe(
        {.key = kKey, .info = kVideo, .ssrc = 500, .encodings = kEncodings}, now));
  }
}

TEST_F(MediaEndpointTest, APublisherTakenToAnotherWorkerKeepsItsSubscribers) {
  MediaState state = publisher->TakeState();
  publisher = MediaEndpoint::FromState(limits, worker, *this, std::move(state), now);
  publisher->Attach(publisher_connection, now);
  Frame(0, true, 1'000);
  EXPECT_EQ(Drain(), 1u);
}

TEST_F(MediaEndpointTest, PreferencesOfABurstAreFollowedOnceAtTheNextTick) {
  viewer->Tick(now);
  Frame(0, true, 1'000);
  layers.clear();
  for (int i = 0; i < 50; ++i) {
    viewer->SetLayerPreference(kKey, {.paused = i % 2 == 0});
    Frame(0, true, 1'000);
  }
  viewer->SetLayerPreference(kKey, {.paused = true});
  EXPECT_EQ(layers, Layers{});
  viewer->Tick(now);
  EXPECT_EQ(layers, (Layers{ForwardedLayer::kNone}));
}

TEST_F(MediaEndpointTest, SubscriptionsOfABurstAllocateNothingBeforeTheNextTick) {
  viewer->Tick(now);
  Frame(0, true, 1'000);
  layers.clear();
  // What the next allocation would do, whoever causes it.
  viewer->SetLayerPreference(kKey, {.paused = true});
  for (uint32_t i = 1; i <= 50; ++i) {
    EXPECT_TRUE(viewer->Subscribe(
        {.key = {1, kKey.number + i}, .info = kVideo, .ssrc = 500 + i, .encodings = kEncodings},
        now));
  }
  EXPECT_EQ(layers, Layers{});
  viewer->Tick(now);
  EXPECT_EQ(layers, (Layers{ForwardedLayer::kNone}));
}

TEST_F(MediaEndpointTest, AFloodOfNacksDrawsNoMoreThanItsShareOfTheBandwidth) {
  std::map<uint16_t, int> times_sent;
  std::vector<uint16_t> numbers;
  size_t resent_bytes = 0;
  for (int i = 0; i < 100; ++i) {
    now += Duration::Millis(20);
    if (i % 5 == 0) Frame(0, i == 0, 20'000);
    worker.wakes().Run();
    net::OutgoingFrame frame;
    while (viewer->NextFrame(frame, now)) {
      const uint16_t number = rtp::ParseRtp(frame.bytes)->header.sequence_number;
      if (times_sent[number]++ == 0) {
        numbers.push_back(number);
      } else {
        resent_bytes += frame.bytes.size();
      }
    }
    viewer->OnPacket(testing::Rtcp(rtp::Nack{.media_ssrc = 500, .sequence_numbers = numbers}), now);
  }
  const double share =
      static_cast<double>(viewer->estimate().bps()) / 8 * transport::ResendBudget::kShare;
  EXPECT_GT(static_cast<double>(resent_bytes), share * 2);
  EXPECT_LT(static_cast<double>(resent_bytes), share * 2.6) << "two seconds, and the burst";
  for (const auto& [number, times] : times_sent) {
    EXPECT_LE(times, 1 + Subscription::kMaxResends) << number;
  }
  EXPECT_GT(metrics.dropped[static_cast<size_t>(DropReason::kRetransmissionRate)].value(), 0);
}

TEST_F(MediaEndpointTest, WhatThePathDoesNotCarryIsNeitherSentNorSentAgain) {
  viewer_connection.max_bytes = 800;
  Frame(0, true, 3'000);
  Frame(0, false, 500);
  net::OutgoingFrame frame;
  ASSERT_TRUE(viewer->NextFrame(frame, now));
  EXPECT_LT(frame.bytes.size(), 800u);
  const uint16_t number = rtp::ParseRtp(frame.bytes)->header.sequence_number;
  EXPECT_FALSE(viewer->NextFrame(frame, now));
  EXPECT_EQ(metrics.dropped[static_cast<size_t>(DropReason::kOversized)].value(), 3);
  now += Duration::Millis(30);
  std::vector<uint16_t> numbers;
  for (int i = 3; i >= 0; --i) numbers.push_back(static_cast<uint16_t>(number - i));
  viewer->OnPacket(testing::Rtcp(rtp::Nack{.media_ssrc = 500, .sequence_numbers = numbers}), now);
  ASSERT_TRUE(viewer->NextFrame(frame, now));
  EXPECT_EQ(rtp::ParseRtp(frame.bytes)->header.sequence_number, number);
  EXPECT_FALSE(viewer->NextFrame(frame, now));
}

TEST_F(MediaEndpointTest, PacketsWithoutATransportWideNumberAreSentWithOne) {
  numbered = false;
  Frame(0, true, 3'000);
  net::OutgoingFrame frame;
  for (uint16_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(viewer->NextFrame(frame, now));
    const auto packet = rtp::ParseRtp(frame.bytes);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->extensions.transport_sequence_number, i);
    EXPECT_EQ(packet->header.ssrc, 500u);
    EXPECT_EQ(packet->payload.size(), 1'000u);
    EXPECT_EQ(packet->payload.back(), 0xAB);
  }
}

TEST_F(MediaEndpointTest, WhereOnlySoItFitsThePathAPacketGoesWithoutTheNumberThatWasAdded) {
  numbered = false;
  Frame(0, true, 1'000);
  net::OutgoingFrame frame;
  ASSERT_TRUE(viewer->NextFrame(frame, now));
  const size_t with_number = frame.bytes.size();
  viewer_connection.max_bytes = with_number;
  Frame(0, false, 1'000);
  ASSERT_TRUE(viewer->NextFrame(frame, now));
  EXPECT_EQ(frame.bytes.size(), with_number);
  for (const size_t less : {size_t{1}, size_t{8}}) {
    viewer_connection.max_bytes = with_number - less;
    Frame(0, false, 1'000);
    ASSERT_TRUE(viewer->NextFrame(frame, now)) << less;
    EXPECT_EQ(frame.bytes.size(), with_number - 8);
    const auto packet = rtp::ParseRtp(frame.bytes);
    ASSERT_TRUE(packet);
    EXPECT_FALSE(packet->extensions.transport_sequence_number);
    EXPECT_EQ(packet->payload.size(), 1'000u);
    EXPECT_EQ(packet->header.ssrc, 500u);
  }
  viewer_connection.max_bytes = with_number - 9;
  Frame(0, false, 1'000);
  EXPECT_FALSE(viewer->NextFrame(frame, now));
  EXPECT_EQ(metrics.dropped[static_cast<size_t>(DropReason::kOversized)].value(), 1);
  // The numbers have no gap for what went without.
  viewer_connection.max_bytes = with_number;
  Frame(0, false, 1'000);
  ASSERT_TRUE(viewer->NextFrame(frame, now));
  EXPECT_EQ(rtp::ParseRtp(frame.bytes)->extensions.transport_sequence_number, 2);
}

TEST_F(MediaEndpointTest, RtcpThatTellsMuchInAFewBytesCountsAsMuch) {
  rtp::TransportFeedback feedback{.media_ssrc = 500};
  for (size_t i = 0; i < rtp::kMaxFeedbackPackets; ++i) {
    feedback.packets.push_back({.sequence_number = static_cast<uint16_t>(i)});
  }
  const auto bytes = testing::Rtcp(feedback);
  ASSERT_LT(bytes.size(), 40u);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(viewer->OnPacket(bytes, now));
  const int64_t dropped = metrics.dropped[static_cast<size_t>(DropReason::kRate)].value();
  EXPECT_GT(dropped, 900) << "a burst of 5000 packets is 160 000 arrivals";
  EXPECT_LT(dropped, 950);
}

// The viewer behind a link of some rate with a queue of one second; frames each 33 ms.
class MediaEndpointBandwidthTest : public MediaEndpointTest {
 protected:
  static constexpr size_t kBigFrame = 6'000;  // 1.4 Mbps
  static constexpr size_t kSmallFrame = 600;  // 150 kbps
  static constexpr Duration kStep = Duration::Millis(5);

  void Run(Duration duration, DataRate rate) {
    for (const Timestamp end = now + duration; now < end; now += kStep) {
      if (now >= next_frame) {
        next_frame = now + Duration::Millis(33);
        timestamp += 3000;
        Frame(0, key[0], kBigFrame);
        Frame(1, key[1], kSmallFrame);
        key = {};
      }
      worker.wakes().Run();
      if (now >= next_tick) {
        next_tick = now + Duration::Millis(25);
        worker.Tick(now);
        publisher->Tick(now);
        viewer->Tick(now);
      }
      Send(rate);
      Receive();
      HearRequests();
    }
  }
  void Send(DataRate rate) {
    if (blocked) return;
    net::OutgoingFrame frame;
    while (viewer->NextFrame(frame, now)) {
      if (rtp::IsRtcp(frame.bytes)) continue;
      const auto packet = rtp::ParseRtp(frame.bytes);
      link_free = std::max(link_free, now) + rate.TimeFor(static_cast<int64_t>(frame.bytes.size()));
      if (link_free - now > Duration::Millis(1000)) {
        link_free = link_free - rate.TimeFor(static_cast<int64_t>(frame.bytes.size()));
        continue;
      }
      link.push_back({*packet->extensions.transport_sequence_number, link_free});
    }
  }
  void Receive() {
    for (; !link.empty() && link.front().arrival <= now; link.pop_front()) {
      arrivals.OnPacket(link.front().number, link.front().arrival);
    }
    if (now < next_feedback) return;
    next_feedback = now + Duration::Millis(50);
    if (const auto feedback = arrivals.BuildFeedback(); feedback && !deaf) {
      viewer->OnPacket(testing::Rtcp(*feedback), now);
    }
  }
  void HearRequests() {
    net::OutgoingFrame frame;
    while (publisher->NextFrame(frame, now)) {
      const auto parts = rtp::ParseRtcp(frame.bytes);
      if (!parts) continue;
      for (const auto& part : *parts) {
        const auto* request = std::get_if<rtp::PictureLossIndication>(&part);
        if (request != nullptr) key[request->media_ssrc == kEncodings[0].ssrc ? 0 : 1] = true;
      }
    }
  }

  struct InFlight {
    uint16_t number;
    Timestamp arrival;
  };
  bool deaf = false;     // gives no feedback
  bool blocked = false;  // the transport takes nothing
  std::deque<InFlight> link;
  Timestamp link_free;
  Timestamp next_frame, next_tick, next_feedback;
  std::array<bool, 2> key{};
  transport::ArrivalRecorder arrivals;
};

TEST_F(MediaEndpointBandwidthTest, ANarrowPathGetsTheSmallEncodingAndAWideOneTheBig) {
  Run(Duration::Seconds(5), DataRate::KilobitsPerSec(300));
  ASSERT_FALSE(layers.empty());
  EXPECT_EQ(layers.back(), ForwardedLayer::kSmall);
  EXPECT_LT(viewer->estimate().kbps(), 1'000);
  Run(Duration::Seconds(15), DataRate::KilobitsPerSec(6'000));
  EXPECT_EQ(layers.back(), ForwardedLayer::kBig);
  EXPECT_GT(metrics.padding_packets.value(), 0) << "probes found the room";
}

TEST_F(MediaEndpointBandwidthTest, APublisherWithoutTransportWideNumbersIsWatchedUnderControlToo) {
  numbered = false;
  Run(Duration::Seconds(5), DataRate::KilobitsPerSec(300));
  ASSERT_FALSE(layers.empty());
  EXPECT_EQ(layers.back(), ForwardedLayer::kSmall);
  EXPECT_LT(viewer->estimate().kbps(), 1'000);
}

TEST_F(MediaEndpointBandwidthTest, ASteadyPathDoesNotFlap) {
  Run(Duration::Seconds(5), DataRate::KilobitsPerSec(1'000));
  const size_t before = layers.size();
  Run(Duration::Seconds(20), DataRate::KilobitsPerSec(1'000));
  EXPECT_LE(layers.size(), before + 4);
}

TEST_F(MediaEndpointBandwidthTest, BackPressureOfTheTransportLowersTheEstimateAndPacingDoesNot) {
  Run(Duration::Seconds(3), DataRate::KilobitsPerSec(10'000));
  const DataRate before = viewer->estimate();
  EXPECT_GE(before.kbps(), 2'000);
  blocked = true;
  Run(Duration::Millis(250), DataRate::KilobitsPerSec(10'000));
  EXPECT_LT(viewer->estimate(), before * 0.9);
}

TEST_F(MediaEndpointBandwidthTest, AClientThatGivesNoFeedbackGetsAllUnpaced) {
  deaf = true;
  Run(Duration::Seconds(5), DataRate::KilobitsPerSec(10'000));
  EXPECT_EQ(layers, (Layers{ForwardedLayer::kBig}));
  Drain();
  Frame(0, false, 60'000);
  EXPECT_EQ(Drain(), 60u);
}

TEST_F(MediaEndpointBandwidthTest, APreferenceForTheSmallTileIsFollowedWhateverTheBandwidth) {
  Run(Duration::Seconds(2), DataRate::KilobitsPerSec(10'000));
  EXPECT_EQ(layers.back(), ForwardedLayer::kBig);
  viewer->SetLayerPreference(kKey, {.width = 320, .height = 180});
  Run(Duration::Seconds(2), DataRate::KilobitsPerSec(10'000));
  EXPECT_EQ(layers.back(), ForwardedLayer::kSmall);
  viewer->SetLayerPreference(kKey, {.paused = true});
  viewer->Tick(now);
  EXPECT_EQ(layers.back(), ForwardedLayer::kNone);
}

}  // namespace
}  // namespace ferry::gateway
