// PublishedStream and Subscription together: what a subscriber sees of a stream.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream_fanout.h"
#include "gateway/sfu/subscription.h"
#include "gateway/testing/media.h"
#include "gateway/testing/subscriber.h"

namespace ferry::gateway {
namespace {

using testing::Bytes;
using testing::Subscriber;
using testing::TestPacket;

class ForwardingTest : public ::testing::Test, public PublisherSink {
 protected:
  void RequestKeyframe(uint32_t ssrc, Timestamp now_asked) override {
    EXPECT_EQ(ssrc, 1u);
    requests.push_back(now_asked);
  }
  void RequestPackets(uint32_t, std::vector<uint16_t> numbers, Timestamp) override {
    nacked.insert(nacked.end(), numbers.begin(), numbers.end());
  }

  void MakeStream(MediaKind kind, bool reliable = true) {
    const bool audio = kind == MediaKind::kAudio;
    info = {.stream_id = "s1", .kind = kind, .codec = audio ? Codec::kOpus : Codec::kVp8};
    stream = std::make_unique<PublishedStream>(
        Publication{.key = kKey, .info = info, .encodings = {{.ssrc = 1}}}, *this, worker);
    stream->set_reliable(reliable);
  }
  void Subscribe(Subscriber& subscriber, uint32_t ssrc = 100, uint16_t first = 1000) {
    subscriber.subscription = std::make_unique<Subscription>(
        worker,
        SubscriptionRequest{.key = kKey, .info = info, .ssrc = ssrc, .encodings = {{.ssrc = 1}}},
        subscriber, SubscriberNumbers{.next_sequence = first}, now);
  }
  bool Publish(const TestPacket& packet) {
    const auto bytes = Bytes(packet);
    return stream->OnRtp(0, bytes, *rtp::ParseRtp(bytes), now);
  }
  void PublishFrame(bool keyframe) {
    timestamp += 3000;
    Publish(
        {.sequence = sequence++, .timestamp = timestamp, .marker = false, .keyframe = keyframe});
    Publish({.sequence = sequence++, .timestamp = timestamp, .first = false});
  }
  static std::vector<uint16_t> Numbers(const std::vector<OutgoingPacket>& packets) {
    std::vector<uint16_t> numbers;
    for (const auto& packet : packets) numbers.push_back(packet.sequence_number);
    return numbers;
  }
  void SendAll(Subscriber& subscriber) {
    for (const auto& packet : subscriber.media) subscriber.subscription->OnSent(packet, now);
  }
  using Seq = std::vector<uint16_t>;

  static constexpr StreamId kKey{1, 7};
  Metrics metrics;
  SfuWorker worker{0, metrics};
  StreamInfo info;
  Timestamp now = Timestamp::Millis(5000);
  uint16_t sequence = 65530;
  uint32_t timestamp = 0;
  std::vector<Timestamp> requests;
  Seq nacked;
  Subscriber a;
  Subscriber b;
  std::unique_ptr<PublishedStream> stream;
};

TEST_F(ForwardingTest, VideoBeginsAtAKeyframeWhichIsRequestedAtOnce) {
  MakeStream(MediaKind::kVideo);
  Subscribe(a);
  EXPECT_EQ(requests.size(), 1u);
  PublishFrame(false);
  EXPECT_TRUE(a.media.empty());
  EXPECT_TRUE(a.subscription->waiting_for_keyframe());
  PublishFrame(true);
  PublishFrame(false);
  EXPECT_EQ(Numbers(a.media), (Seq{1000, 1001, 1002, 1003}));
  EXPECT_TRUE(a.media[0].packet->facts.starts_keyframe);
  EXPECT_EQ(a.media[0].stream->ssrc(), 100u);
}

TEST_F(ForwardingTest, TheMiddleOfAKeyframeIsNoBeginning) {
  MakeStream(MediaKind::kVideo);
  Publish({.sequence = 1, .timestamp = 1, .marker = false, .keyframe = true});
  Subscribe(a);
  Publish({.sequence = 2, .timestamp = 1, .first = false});
  EXPECT_TRUE(a.media.empty());
}

TEST_F(ForwardingTest, AudioBeginsAtOnce) {
  MakeStream(MediaKind::kAudio);
  Subscribe(a);
  Publish({.sequence = 7, .payload_type = rtp::kOpusPayloadType});
  EXPECT_EQ(Numbers(a.media), (Seq{1000}));
  EXPECT_TRUE(requests.empty());
}

TEST_F(ForwardingTest, PacketsOfAnotherCodecAreRefused) {
  MakeStream(MediaKind::kVideo);
  EXPECT_FALSE(Publish({.payload_type = rtp::kOpusPayloadType}));
  EXPECT_FALSE(Publish({.payload_type = rtp::kVp9PayloadType}));
}

TEST_F(ForwardingTest, EachSubscriberHasItsOwnNumbersAndSharesThePackets) {
  MakeStream(MediaKind::kVideo);
  Subscribe(a);
  PublishFrame(true);
  Subscribe(b, 200, 65535);
  PublishFrame(true);
  EXPECT_EQ(Numbers(a.media), (Seq{1000, 1001, 1002, 1003}));
  EXPECT_EQ(Numbers(b.media), (Seq{65535, 0}));
  EXPECT_EQ(&*a.media[2].packet, &*b.media[0].packet);
}

TEST_F(ForwardingTest, AGapOfThePublishersNetworkIsKeptForItsLatePacket) {
  MakeStream(MediaKind::kAudio);
  Subscribe(a);
  for (const uint16_t number : Seq{10, 11, 13, 12, 14}) {
    Publish({.sequence = number, .payload_type = rtp::kOpusPayloadType});
  }
  EXPECT_EQ(Numbers(a.media), (Seq{1000, 1001, 1003, 1002, 1004}));
}

TEST_F(ForwardingTest, PacketsFromBeforeTheBeginningHaveNoPlace) {
  MakeStream(MediaKind::kAudio);
  Subscribe(a);
  Publish({.sequence = 10, .payload_type = rtp::kOpusPayloadType});
  Publish({.sequence = 9, .payload_type = rtp::kOpusPayloadType});
  EXPECT_EQ(Numbers(a.media), (Seq{1000}));
}

TEST_F(ForwardingTest, ForwardsForLongerThanTheSequenceSpace) {
  MakeStream(MediaKind::kAudio);
  Subscribe(a, 100, 0);
  for (uint32_t i = 0; i < 200'000; ++i) {
    a.media.clear();
    Publish({.sequence = static_cast<uint16_t>(i), .payload_type = rtp::kOpusPayloadType});
    ASSERT_EQ(Numbers(a.media), (Seq{static_cast<uint16_t>(i)})) << i;
  }
}

TEST_F(ForwardingTest, AfterADropForwardingGoesOnAtAKeyframeWithoutAGap) {
  MakeStream(MediaKind::kVideo);
  Subscribe(a);
  PublishFrame(true);   // 1000 1001
  PublishFrame(false);  // 1002 1003: dropped from the queue
  now += Duration::Millis(500);
  requests.clear();
  a.subscription->OnDropped({.packets = 2, .resume_sequence = 1002}, now);
  EXPECT_EQ(requests.size(), 1u);
  a.media.clear();
  PublishFrame(false);
  EXPECT_TRUE(a.media.empty());
  PublishFrame(true);
  EXPECT_EQ(Numbers(a.media), (Seq{1002, 1003}));
}

TEST_F(ForwardingTest, AfterADropThatKeptAKeyframeTheNumbersFollowIt) {
  MakeStream(MediaKind::kVideo);
  Subscribe(a);
  PublishFrame(true);   // 1000 1001
  PublishFrame(false);  // 1002 1003: dropped
  PublishFrame(true);   // 1004 1005: kept as 1002 1003
  a.subscription->OnDropped({.packets = 2, .resume_sequence = 1002, .kept_sequence = 1004}, now);
  a.media.clear();
  PublishFrame(false);
  EXPECT_EQ(Numbers(a.media), (Seq{1004, 1005}));
}

TEST_F(ForwardingTest, KeyframeRequestsOfManyAreOneEvery300Ms) {
  MakeStream(MediaKind::kVideo);
  Subscribe(a);
  Subscribe(b, 200);
  for (int ms = 0; ms < 299; ++ms) {
    a.subscription->OnPictureLoss(now);
    b.subscription->OnPictureLoss(now);
    worker.Tick(now);
    stream->Tick(now);
    now += Duration::Millis(1);
  }
  EXPECT_EQ(requests.size(), 1u);
  now += Duration::Millis(1);
  stream->Tick(now);
  ASSERT_EQ(requests.size(), 2u) << "the requests held back are owed";
  EXPECT_EQ((requests[1] - requests[0]).ms(), 300);
}

TEST_F(ForwardingTest, AKeyframeThatDoesNotComeIsAskedForAgain) {
  MakeStream(MediaKind::kVideo);
  Subscribe(a);
  for (int i = 0; i < 40; ++i) {
    now += Duration::Millis(50);
    stream->Tick(now);
  }
  EXPECT_EQ(requests.size(), 3u);  // at 0, 1 and 2 s
  PublishFrame(true);
  now += Duration::Millis(5000);
  stream->Tick(now);
  EXPECT_EQ(requests.size(), 3u) << "it came";
}

TEST_F(ForwardingTest, NackIsAnsweredFromTheCacheUnderTheSameNumber) {
  MakeStream(MediaKind::kVideo);
  Subscribe(a);
  PublishFrame(true);
  SendAll(a);
  now += Duration::Millis(30);
  EXPECT_EQ(a.subscription->OnNack({1001, 1002}, now), 1u);
  ASSERT_EQ(a.resent.size(), 1u);
  EXPECT_EQ(a.resent[0].sequence_number, 1001);
  EXPECT_EQ(&*a.resent[0].packet, &*a.media[1].packet);
}

TEST_F(ForwardingTest, NackIsNotAnsweredTwiceAtOnceNorTooLate) {
  MakeStream(MediaKind::kVideo);
  Subscribe(a);
  PublishFrame(true);
  SendAll(a);
  now += Duration::Millis(30);
  EXPECT_EQ(a.subscription->OnNack({1000}, now), 1u);
  EXPECT_EQ(a.subscription->OnNack({1000}, now + Duration::Millis(10)), 0u);
  EXPECT_EQ(a.subscription->OnNack({1000}, now + Duration::Millis(20)), 1u);
  EXPECT_EQ(a.subscription->OnNack({1000}, now + Duration::Millis(1000)), 0u);
}

TEST_F(ForwardingTest, APacketIsSentAgainAFewTimesOnly) {
  MakeStream(MediaKind::kVideo);
  Subscribe(a);
  PublishFrame(true);
  SendAll(a);
  size_t resent = 0;
  for (int i = 0; i < 40; ++i) {
    now += Duration::Millis(20);
    resent += a.subscription->OnNack({1000}, now);
  }
  EXPECT_EQ(resent, Subscription::kMaxResends);
}

TEST_F(ForwardingTest, TheCacheIsBounded) {
  MakeStream(MediaKind::kAudio);
  Subscribe(a);
  for (uint16_t i = 0; i < 1000; ++i) {
    Publish({.sequence = i, .payload_type = rtp::kOpusPayloadType});
    SendAll(a);
    a.media.clear();
  }
  EXPECT_EQ(worker.pool().in_use(), Subscription::kAudioCachePackets);
  a.subscription.reset();
  EXPECT_EQ(worker.pool().in_use(), 0u);
}

TEST_F(ForwardingTest, AStreamThatPausesKeepsNoPackets) {
  MakeStream(MediaKind::kVideo);
  Subscribe(a);
  for (int i = 0; i < 100; ++i) PublishFrame(i == 0);
  SendAll(a);
  a.media.clear();
  EXPECT_EQ(worker.pool().in_use(), 200u);
  worker.Tick(now);
  EXPECT_EQ(worker.pool().in_use(), 200u);
  now += RetransmissionCache::kMaxAge + Duration::Millis(1);
  worker.Tick(now);
  EXPECT_EQ(worker.pool().in_use(), 0u);
  EXPECT_EQ(worker.retransmissions().bytes(), 0u);
}

TEST_F(ForwardingTest, SenderReportsCarryTheSubscribersCounts) {
  MakeStream(MediaKind::kAudio);
  Subscribe(a);
  Publish({.sequence = 1, .payload_type = rtp::kOpusPayloadType, .payload_size = 80});
  Publish({.sequence = 2, .payload_type = rtp::kOpusPayloadType, .payload_size = 80});
  SendAll(a);
  const rtp::SenderReport report{.sender_ssrc = 1,
                                 .ntp_time = 0x1234567890ABCDEF,
                                 .rtp_timestamp = 777,
                                 .packet_count = 5000,
                                 .octet_count = 600'000};
  stream->OnSenderReport(0, report, now);
  ASSERT_EQ(a.reports.size(), 1u);
  EXPECT_EQ(a.reports[0].sender_ssrc, 100u);
  EXPECT_EQ(a.reports[0].ntp_time, report.ntp_time);
  EXPECT_EQ(a.reports[0].rtp_timestamp, 777u);
  EXPECT_EQ(a.reports[0].packet_count, 2u);
  EXPECT_EQ(a.reports[0].octet_count, 160u);
}

TEST_F(ForwardingTest, SenderReportsThatFollowTooFastAreNotForwarded) {
  MakeStream(MediaKind::kAudio);
  Subscribe(a);
  for (uint32_t i = 0; i < 40; ++i) {
    stream->OnSenderReport(0, {.sender_ssrc = 1, .ntp_time = i, .rtp_timestamp = i}, now);
  }
  EXPECT_EQ(a.reports.size(), 1u);
  now += PublishedStream::kMinReportInterval - Duration::Micros(1);
  stream->OnSenderReport(0, {.sender_ssrc = 1, .rtp_timestamp = 50}, now);
  EXPECT_EQ(a.reports.size(), 1u);
  now += Duration::Micros(1);
  stream->OnSenderReport(0, {.sender_ssrc = 1, .rtp_timestamp = 51}, now);
  ASSERT_EQ(a.reports.size(), 2u);
  EXPECT_EQ(a.reports[1].rtp_timestamp, 51u);
}

TEST_F(ForwardingTest, ANewcomerGetsTheLastSenderReportAtOnce) {
  MakeStream(MediaKind::kAudio);
  stream->OnSenderReport(0, {.sender_ssrc = 1, .ntp_time = 5, .rtp_timestamp = 6}, now);
  Subscribe(a);
  ASSERT_EQ(a.reports.size(), 1u);
  EXPECT_EQ(a.reports[0].rtp_timestamp, 6u);
  EXPECT_EQ(a.reports[0].packet_count, 0u);
}

TEST_F(ForwardingTest, WhatALossyPublisherLostIsAskedForAgain) {
  MakeStream(MediaKind::kAudio, /*reliable=*/false);
  for (const uint16_t number : Seq{1, 2, 5}) {
    Publish({.sequence = number, .payload_type = rtp::kOpusPayloadType});
  }
  now += Duration::Millis(10);
  stream->Tick(now);
  EXPECT_EQ(nacked, (Seq{3, 4}));
}

TEST_F(ForwardingTest, WhatAReliablePublisherSkippedIsNot) {
  MakeStream(MediaKind::kAudio);
  for (const uint16_t number : Seq{1, 2, 5}) {
    Publish({.sequence = number, .payload_type = rtp::kOpusPayloadType});
  }
  now += Duration::Millis(10);
  stream->Tick(now);
  EXPECT_TRUE(nacked.empty());
}

TEST_F(ForwardingTest, OnlyWhatAMoveToALossyTransportLostIsAskedForAgain) {
  MakeStream(MediaKind::kAudio, /*reliable=*/false);
  const auto publish = [&](const Seq& numbers) {
    for (const uint16_t number : numbers) {
      Publish({.sequence = number, .payload_type = rtp::kOpusPayloadType});
    }
  };
  publish({1, 2});
  stream->set_reliable(true);
  publish({3, 4, 6});
  stream->set_reliable(false);
  publish({8, 9});
  now += Duration::Millis(10);
  stream->Tick(now);
  EXPECT_EQ(nacked, (Seq{7}));
}

TEST_F(ForwardingTest, ReportsWhatArrivedFromThePublisher) {
  MakeStream(MediaKind::kAudio);
  std::vector<rtp::ReportBlock> blocks;
  stream->AppendReportBlocks(blocks, now);
  EXPECT_TRUE(blocks.empty());
  Publish({.sequence = 41, .payload_type = rtp::kOpusPayloadType});
  stream->AppendReportBlocks(blocks, now);
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].ssrc, 1u);
  EXPECT_EQ(blocks[0].highest_sequence & 0xFFFF, 41u);
}

TEST_F(ForwardingTest, TheEndOfAStreamEndsItsSubscriptions) {
  MakeStream(MediaKind::kVideo);
  Subscribe(a);
  Subscribe(b, 200);
  stream.reset();
  EXPECT_TRUE(a.ended);
  EXPECT_TRUE(b.ended);
}

}  // namespace
}  // namespace ferry::gateway
