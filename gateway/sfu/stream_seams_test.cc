// Consumers and sources without a connection, beside subscribers, on other workers than they.
#include "gateway/testing/stream_seams.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream_fanout.h"
#include "gateway/testing/media.h"
#include "gateway/testing/sfu_workers.h"
#include "gateway/testing/subscriber.h"

namespace ferry::gateway {
namespace {

using testing::CountingConsumer;
using testing::FilePlayer;
using testing::Subscriber;

class StreamSeamsTest : public testing::SfuWorkersTest, public PublisherSink {
 protected:
  void RequestKeyframe(uint32_t ssrc, Timestamp) override { ++requests[ssrc]; }
  void RequestPackets(uint32_t, std::vector<uint16_t>, Timestamp) override {}

  std::unique_ptr<CountingConsumer> Consume(size_t worker, unsigned origin) {
    auto consumer =
        std::make_unique<CountingConsumer>(sfu.worker(worker), kPublication, origin, now);
    Pump();
    return consumer;
  }
  void Subscribe(Subscriber& subscriber, size_t worker, unsigned origin) {
    subscriber.subscription =
        std::make_unique<Subscription>(sfu.worker(worker),
                                       SubscriptionRequest{.key = kPublication.key,
                                                           .info = kPublication.info,
                                                           .origin_worker = origin,
                                                           .ssrc = 500,
                                                           .encodings = kPublication.encodings},
                                       subscriber, SubscriberNumbers{.next_sequence = 100}, now);
    Pump();
  }
  void Send(PublishedStream& to, size_t encoding, uint16_t sequence, bool keyframe = false,
            uint8_t temporal_id = 0) {
    const auto bytes = testing::Bytes({.ssrc = kPublication.encodings[encoding].ssrc,
                                       .sequence = sequence,
                                       .timestamp = sequence * 3000u,
                                       .keyframe = keyframe,
                                       .picture_id = sequence,
                                       .temporal_id = temporal_id});
    ASSERT_TRUE(to.OnRtp(encoding, bytes, *rtp::ParseRtp(bytes), now));
    Pump();
  }
  // An IVF file: its header, then frames of the sizes, the first a key frame by its P bit.
  static std::vector<uint8_t> Ivf(const std::vector<size_t>& sizes) {
    std::vector<uint8_t> file(32, 0);
    std::memcpy(file.data(), "DKIF", 4);
    for (size_t i = 0; i < sizes.size(); ++i) {
      file.push_back(static_cast<uint8_t>(sizes[i]));
      file.push_back(static_cast<uint8_t>(sizes[i] >> 8));
      file.insert(file.end(), 10, 0);
      for (size_t k = 0; k < sizes[i]; ++k) file.push_back(static_cast<uint8_t>(k * 7 + i));
      file[file.size() - sizes[i]] = i == 0 ? 0x10 : 0x11;
    }
    return file;
  }

  inline static const Publication kPublication{
      .key = {1, 1},
      .info = {.stream_id = "s1", .kind = MediaKind::kVideo, .codec = Codec::kVp8},
      .encodings = {{.ssrc = 10}, {.ssrc = 11}}};
  std::map<uint32_t, int> requests;
  Subscriber viewer;
};

TEST_F(StreamSeamsTest, AConsumerOnAnotherWorkerGetsTheRawPacketsOfAllLayers) {
  PublishedStream stream(kPublication, *this, sfu.worker(0));
  Subscribe(viewer, 2, 0);
  const auto consumer = Consume(1, 0);
  for (uint16_t i = 0; i < 20; ++i) {
    Send(stream, 0, static_cast<uint16_t>(65'530 + i), i == 0, static_cast<uint8_t>(i % 3));
    Send(stream, 1, i, i == 0, static_cast<uint8_t>(i % 3));
  }
  EXPECT_EQ(consumer->packets, 40) << "both encodings, all temporal layers, before any request";
  EXPECT_EQ(consumer->keyframes, 2);
  EXPECT_EQ(consumer->missing, 0);
  EXPECT_EQ(consumer->faults, 0);
  EXPECT_EQ(viewer.media.size(), 20u) << "and the subscriber what it wants";
}

TEST_F(StreamSeamsTest, WhatAConsumerAsksForReachesThePublisherWithWhatOthersAskFor) {
  PublishedStream stream(kPublication, *this, sfu.worker(0));
  const auto consumer = Consume(1, 0);
  EXPECT_TRUE(requests.empty()) << "it asks when it wants";
  consumer->RequestKeyframe(1, now);
  Pump();
  EXPECT_EQ(requests, (std::map<uint32_t, int>{{11, 1}}));
  consumer->RequestKeyframe(7, now);
  Pump();
  EXPECT_EQ(requests.size(), 1u) << "there is no such encoding";
  stream.OnSenderReport(0, {.sender_ssrc = 10, .ntp_time = 5, .rtp_timestamp = 6}, now);
  Pump();
  EXPECT_EQ(consumer->reports, 1);
}

TEST_F(StreamSeamsTest, AConsumerIsToldOfTheEndAndFollowsAStreamThatMoves) {
  auto stream = std::make_unique<PublishedStream>(kPublication, *this, sfu.worker(0));
  const auto consumer = Consume(1, 0);
  Send(*stream, 0, 1, true);
  stream->Release();
  stream.reset();
  Pump();
  stream = std::make_unique<PublishedStream>(kPublication, *this, sfu.worker(2));
  Pump();
  Send(*stream, 0, 2);
  EXPECT_EQ(consumer->packets, 2);
  EXPECT_FALSE(consumer->ended);
  stream.reset();
  Pump();
  EXPECT_TRUE(consumer->ended);
}

TEST_F(StreamSeamsTest, OnceDetachedAConsumerCostsThePublishersWorkerNothing) {
  PublishedStream stream(kPublication, *this, sfu.worker(0));
  const auto consumer = Consume(1, 0);
  Send(stream, 0, 1, true);
  consumer->Detach();
  Pump();
  Send(stream, 0, 2);
  EXPECT_EQ(consumer->packets, 1);
  EXPECT_EQ(stream.workers(), 0u);
  EXPECT_FALSE(consumer->ended);
}

TEST_F(StreamSeamsTest, ASourcesPacketsArePublishedUnderOurPayloadTypeAndExtensionIds) {
  class Nobody final : public SourceRequests {
    void RequestKeyframe(size_t, Timestamp) override {}
    void RequestPackets(size_t, const std::vector<uint16_t>&, Timestamp) override {}
  } nobody;
  const Publication audio{.key = {1, 2}, .info = {.stream_id = "s2"}, .encodings = {{.ssrc = 20}}};
  StreamSource source(audio,
                      {.payload_type = 100,
                       .extensions = {.audio_level = 4,
                                      .absolute_capture_time = 0,
                                      .transport_sequence_number = 1}},
                      /*lossy=*/false, nobody, sfu.worker(0));
  CountingConsumer consumer(sfu.worker(0), audio, 0, now);
  // Level -30 dBov under id 4, a transport-wide number under 1, something of another meaning under
  // our 2 and 3, a CSRC and padding.
  const std::vector<uint8_t> foreign{0xB1, 100,  0x00, 0x07, 0,    0,    0x03, 0xC0, 0xDE, 0xAD,
                                     0xBE, 0xEF, 1,    2,    3,    4,    0xBE, 0xDE, 0x00, 0x03,
                                     0x40, 0x9E, 0x11, 0xAB, 0xCD, 0x20, 0x55, 0x31, 9,    9,
                                     0,    0,    0x78, 1,    2,    3,    0,    0,    0,    4};
  ASSERT_TRUE(source.OnRtp(0, foreign, now));
  EXPECT_EQ(consumer.packets, 1);
  EXPECT_EQ(consumer.faults, 0);
  ASSERT_EQ(consumer.payloads.size(), 1u);
  EXPECT_EQ(consumer.payloads[0], (std::vector<uint8_t>{0x78, 1, 2, 3}));

  Subscriber listener;
  listener.subscription = std::make_unique<Subscription>(
      sfu.worker(0),
      SubscriptionRequest{
          .key = audio.key, .info = audio.info, .ssrc = 600, .encodings = audio.encodings},
      listener, SubscriberNumbers{.next_sequence = 100}, now);
  ASSERT_TRUE(source.OnRtp(0, foreign, now));
  ASSERT_EQ(listener.media.size(), 1u);
  EXPECT_EQ(listener.media[0].packet->minus_dbov, 30);
  std::array<uint8_t, MediaPacket::kMaxSize> bytes{};
  const auto written = listener.subscription->Write(listener.media[0], 0x1234, bytes);
  const auto view = rtp::ParseRtp(ByteSpan(bytes).first(written.size));
  ASSERT_TRUE(view);
  EXPECT_TRUE(written.numbered);
  EXPECT_EQ(view->header.payload_type, rtp::kOpusPayloadType);
  EXPECT_EQ(view->header.ssrc, 600u);
  EXPECT_EQ(view->extensions.audio_level, (AudioLevel{.minus_dbov = 30, .voice_activity = true}));
  EXPECT_FALSE(view->extensions.absolute_capture_time);
  EXPECT_EQ(view->extensions.transport_sequence_number, 0x1234);

  std::vector<uint8_t> other = foreign;
  other[1] = 111;
  EXPECT_FALSE(source.OnRtp(0, other, now)) << "another payload type";
  EXPECT_FALSE(source.OnRtp(1, foreign, now)) << "no such encoding";
  EXPECT_FALSE(source.OnRtp(0, ByteSpan(foreign).first(11), now)) << "cut short";
  listener.media.clear();
}

TEST_F(StreamSeamsTest, AFileIsPlayedToConsumersAndSubscribersElsewhere) {
  Publication publication = kPublication;
  publication.encodings.resize(1);
  const auto frames = testing::IvfFrames(Ivf({4000, 900, 1100, 30}));
  ASSERT_EQ(frames.size(), 4u);
  FilePlayer player(sfu.worker(2), publication, frames);
  CountingConsumer consumer(sfu.worker(0), publication, 2, now);
  viewer.subscription =
      std::make_unique<Subscription>(sfu.worker(1),
                                     SubscriptionRequest{.key = publication.key,
                                                         .info = publication.info,
                                                         .origin_worker = 2,
                                                         .ssrc = 500,
                                                         .encodings = publication.encodings},
                                     viewer, SubscriberNumbers{.next_sequence = 100}, now);
  Pump();
  EXPECT_EQ(player.keyframe_requests, 1) << "the subscriber's";
  for (int i = 0; i < 100; ++i) {
    player.Play(now);
    Tick(Duration::Millis(33));
  }
  EXPECT_EQ(player.sent, 25 * (5 + 1 + 2 + 1)) << "a descriptor's bytes included";
  EXPECT_EQ(consumer.packets, player.sent);
  EXPECT_EQ(consumer.faults, 0);
  EXPECT_EQ(consumer.missing, 0);
  EXPECT_EQ(consumer.keyframes, 25);
  EXPECT_EQ(viewer.media.size(), static_cast<size_t>(player.sent));
  // The last frames as they were in the file.
  std::vector<std::vector<uint8_t>> seen(1);
  for (size_t i = 0; i < consumer.payloads.size(); ++i) {
    const auto data = rtp::ParseVp8(consumer.payloads[i])->data;
    seen.back().insert(seen.back().end(), data.begin(), data.end());
    if (consumer.markers[i]) seen.emplace_back();
  }
  ASSERT_GE(seen.size(), 5u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(seen[seen.size() - 5 + i], frames[i]) << i;
  viewer.media.clear();
}

}  // namespace
}  // namespace ferry::gateway
