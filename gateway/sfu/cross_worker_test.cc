// Rooms whose publishers and subscribers are on different workers.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream_fanout.h"
#include "gateway/testing/media.h"
#include "gateway/testing/sfu_workers.h"
#include "gateway/testing/subscriber.h"

namespace ferry::gateway {
namespace {

using testing::Subscriber;
using testing::TestPacket;

class CrossWorkerTest : public testing::SfuWorkersTest, public PublisherSink {
 protected:
  void RequestKeyframe(uint32_t, Timestamp) override { ++requests; }
  void RequestPackets(uint32_t, std::vector<uint16_t>, Timestamp) override {}

  std::unique_ptr<PublishedStream> Publish(size_t worker) {
    auto published = std::make_unique<PublishedStream>(
        Publication{.key = {1, 1}, .info = kInfo, .encodings = {{.ssrc = 1}}}, *this,
        sfu.worker(worker));
    Pump();
    return published;
  }
  void Subscribe(Subscriber& subscriber, size_t worker, unsigned origin, uint32_t ssrc) {
    subscriber.subscription =
        std::make_unique<Subscription>(sfu.worker(worker),
                                       SubscriptionRequest{.key = {1, 1},
                                                           .info = kInfo,
                                                           .origin_worker = origin,
                                                           .ssrc = ssrc,
                                                           .encodings = {{.ssrc = 1}}},
                                       subscriber, SubscriberNumbers{.next_sequence = 100}, now);
    Pump();
  }
  static void Send(PublishedStream& to, const TestPacket& packet, Timestamp at) {
    const auto bytes = testing::Bytes(packet);
    to.OnRtp(0, bytes, *rtp::ParseRtp(bytes), at);
  }
  using Seq = std::vector<uint16_t>;

  inline static const StreamInfo kInfo{
      .stream_id = "s1", .kind = MediaKind::kVideo, .codec = Codec::kVp8};
  int requests = 0;
  Subscriber a;
  Subscriber b;
  Subscriber c;
};

TEST_F(CrossWorkerTest, ForwardsToSubscribersOnAllWorkers) {
  auto stream = Publish(0);
  Subscribe(a, 0, 0, 10);
  Subscribe(b, 1, 0, 11);
  Subscribe(c, 2, 0, 12);
  for (uint16_t i = 0; i < 3; ++i) Send(*stream, {.sequence = i, .keyframe = i == 0}, now);
  Pump();
  for (const Subscriber* subscriber : {&a, &b, &c}) {
    EXPECT_EQ(subscriber->Numbers(), (Seq{100, 101, 102}));
  }
  EXPECT_EQ(&*a.media[0].packet, &*c.media[0].packet) << "one copy for all";
}

TEST_F(CrossWorkerTest, ABatchWakesTheOtherWorkerOnce) {
  auto stream = Publish(0);
  Subscribe(b, 1, 0, 11);
  for (uint16_t i = 0; i < 50; ++i) Send(*stream, {.sequence = i, .keyframe = i == 0}, now);
  EXPECT_EQ(runs_requested[0], 1);
  EXPECT_EQ(runs_requested[1], 0) << "not before the batch has been read";
  sfu.worker(0).Run(now);
  EXPECT_EQ(runs_requested[1], 1);
}

TEST_F(CrossWorkerTest, KeyframeRequestsOfAllWorkersAreOneRequest) {
  auto stream = Publish(0);
  Subscribe(a, 0, 0, 10);
  Subscribe(b, 1, 0, 11);
  Subscribe(c, 2, 0, 12);
  EXPECT_EQ(requests, 1);
  Send(*stream, {.sequence = 1, .keyframe = true}, now);
  now += Duration::Millis(400);
  b.subscription->OnPictureLoss(now);
  c.subscription->OnPictureLoss(now);
  Pump();
  EXPECT_EQ(requests, 2);
}

TEST_F(CrossWorkerTest, ANewcomerElsewhereGetsTheLastSenderReport) {
  auto stream = Publish(0);
  stream->OnSenderReport(0, {.sender_ssrc = 1, .ntp_time = 5, .rtp_timestamp = 6}, now);
  Subscribe(b, 1, 0, 11);
  ASSERT_EQ(b.reports.size(), 1u);
  EXPECT_EQ(b.reports[0].rtp_timestamp, 6u);
  EXPECT_EQ(b.reports[0].sender_ssrc, 11u);
}

TEST_F(CrossWorkerTest, TheEndOfAStreamComesAfterItsLastPacket) {
  auto stream = Publish(0);
  Subscribe(b, 1, 0, 11);
  Send(*stream, {.sequence = 1, .keyframe = true}, now);
  stream.reset();
  Pump();
  EXPECT_EQ(b.media.size(), 1u);
  EXPECT_TRUE(b.ended);
}

TEST_F(CrossWorkerTest, WithoutSubscribersThereNothingIsSentToAWorker) {
  auto stream = Publish(0);
  Subscribe(b, 1, 0, 11);
  b.subscription.reset();
  Pump();
  runs_requested.clear();
  Send(*stream, {.sequence = 1, .keyframe = true}, now);
  EXPECT_TRUE(runs_requested.empty());
  EXPECT_EQ(sfu.worker(0).pool().in_use(), 0u);
}

TEST_F(CrossWorkerTest, AStreamThatMovesKeepsItsSubscribers) {
  auto stream = Publish(0);
  Subscribe(a, 0, 0, 10);
  Subscribe(b, 1, 0, 11);
  Subscribe(c, 2, 0, 12);
  Send(*stream, {.sequence = 1, .keyframe = true}, now);
  Pump();
  stream->Release();
  stream.reset();
  Pump();
  EXPECT_FALSE(a.ended || b.ended || c.ended);
  auto moved = Publish(2);
  Send(*moved, {.sequence = 2}, now);
  Pump();
  for (const Subscriber* subscriber : {&a, &b, &c}) {
    EXPECT_EQ(subscriber->Numbers(), (Seq{100, 101}));
  }
  requests = 0;
  a.subscription->OnPictureLoss(now + Duration::Millis(400));
  Pump();
  EXPECT_EQ(requests, 1) << "requests find it too";
}

TEST_F(CrossWorkerTest, AStreamIsFoundThoughItsWorkerIsNotWhereItWasSaidToBe) {
  auto stream = Publish(2);
  Subscribe(b, 1, 0, 11);
  Send(*stream, {.sequence = 1, .keyframe = true}, now);
  EXPECT_TRUE(b.media.empty());
  Tick(StreamFanout::kSearchInterval);
  EXPECT_EQ(requests, 1) << "what was asked for meanwhile is";
  Send(*stream, {.sequence = 2, .keyframe = true}, now);
  Pump();
  EXPECT_EQ(b.Numbers(), (Seq{100}));
}

TEST_F(CrossWorkerTest, AFullRingDropsCountsAndAsksForAKeyframe) {
  auto stream = Publish(0);
  Subscribe(b, 1, 0, 11);
  Send(*stream, {.sequence = 0, .keyframe = true}, now);
  requests = 0;
  now += Duration::Millis(1000);
  for (size_t i = 1; i < kLinkCapacity + 10; ++i) {
    Send(*stream, {.sequence = static_cast<uint16_t>(i)}, now);
  }
  EXPECT_EQ(metrics[0].dropped[static_cast<size_t>(DropReason::kLinkFull)].value(), 10);
  EXPECT_EQ(requests, 1);
  Pump();
  EXPECT_EQ(b.media.size(), kLinkCapacity);
}

class FullMailboxTest : public CrossWorkerTest {
 protected:
  // Mail that nobody needs, from worker 2, more than fits.
  void Fill(unsigned worker) {
    Subscriber subscriber;
    for (size_t i = 0; i < Mailbox::kMaxMail; ++i) {
      subscriber.subscription.reset();
      subscriber.subscription =
          std::make_unique<Subscription>(sfu.worker(2),
                                         SubscriptionRequest{.key = {1, 99},
                                                             .info = kInfo,
                                                             .origin_worker = worker,
                                                             .ssrc = 99,
                                                             .encodings = {{}}},
                                         subscriber, SubscriberNumbers{}, now);
    }
    EXPECT_GT(lost(2), 0);
  }
  int64_t lost(size_t worker) const {
    return metrics[worker].dropped[static_cast<size_t>(DropReason::kLinkFull)].value();
  }
};

TEST_F(FullMailboxTest, AMoveThatWasNotToldOfIsFoundOut) {
  auto stream = Publish(0);
  Subscribe(b, 1, 0, 11);
  Send(*stream, {.sequence = 1, .keyframe = true}, now);
  Pump();
  stream->Release();
  stream.reset();
  Fill(1);
  const int64_t before = lost(2);
  auto moved = Publish(2);
  EXPECT_GT(lost(2), before) << "nobody tells worker 1";
  // Asks where it was, then everywhere.
  for (int i = 0; i < 3; ++i) Tick(StreamFanout::kSearchInterval);
  Send(*moved, {.sequence = 2}, now);
  Pump();
  EXPECT_EQ(b.Numbers(), (Seq{100, 101}));
}

TEST_F(FullMailboxTest, AWorkerThatWasNotToldThatNobodyIsLeftLearnsItFromWhatItSends) {
  auto stream = Publish(0);
  Subscribe(b, 1, 0, 11);
  Fill(0);
  b.subscription.reset();
  EXPECT_GT(lost(1), 0);
  Pump();
  EXPECT_NE(stream->workers(), 0u);
  Send(*stream, {.sequence = 1, .keyframe = true}, now);
  Pump();
  EXPECT_EQ(stream->workers(), 0u);
  EXPECT_EQ(sfu.worker(0).pool().in_use(), 0u);
}

// Under ThreadSanitizer this is what shows a race.
TEST(CrossWorkerThreads, ForwardsBetweenThreadsWhileSubscribersComeAndGo) {
  class Nobody : public PublisherSink {
    void RequestKeyframe(uint32_t, Timestamp) override {}
    void RequestPackets(uint32_t, std::vector<uint16_t>, Timestamp) override {}
  } nobody;
  std::array<Metrics, 2> metrics;
  std::array<std::atomic<bool>, 2> run{};
  Sfu sfu{{{&metrics[0], [&] { run[0] = true; }}, {&metrics[1], [&] { run[1] = true; }}}};
  const StreamInfo info{.stream_id = "s1", .kind = MediaKind::kVideo, .codec = Codec::kVp8};
  const Timestamp now = Timestamp::Millis(1);
  std::atomic<bool> left{false};

  std::thread publisher([&] {
    PublishedStream stream({.key = {1, 1}, .info = info, .encodings = {{.ssrc = 1}}}, nobody,
                           sfu.worker(0));
    for (uint16_t i = 0; !left; ++i) {
      const auto bytes = testing::Bytes({.sequence = i, .keyframe = i % 10 == 0});
      stream.OnRtp(0, bytes, *rtp::ParseRtp(bytes), now);
      if (run[0].exchange(false)) sfu.worker(0).Run(now);
      if (i % 16 == 0) std::this_thread::yield();
    }
  });
  size_t received = 0;
  std::thread subscriber([&] {
    for (int round = 0; round < 10 || (received == 0 && round < 10'000); ++round) {
      Subscriber viewer;
      viewer.subscription =
          std::make_unique<Subscription>(sfu.worker(1),
                                         SubscriptionRequest{.key = {1, 1},
                                                             .info = info,
                                                             .origin_worker = 0,
                                                             .ssrc = 9,
                                                             .encodings = {{.ssrc = 1}}},
                                         viewer, SubscriberNumbers{}, now);
      for (int i = 0; i < 200; ++i) {
        if (run[1].exchange(false)) sfu.worker(1).Run(now);
        std::this_thread::yield();
      }
      received += viewer.media.size();
      viewer.media.clear();
      viewer.subscription.reset();
      if (run[1].exchange(false)) sfu.worker(1).Run(now);
    }
    left = true;
  });
  publisher.join();
  subscriber.join();
  sfu.worker(1).Run(now);
  EXPECT_GT(received, 0u);
}

}  // namespace
}  // namespace ferry::gateway
