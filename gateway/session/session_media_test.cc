// Sessions and rooms together: media and its feedback.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "gateway/testing/media.h"
#include "gateway/testing/session_fixture.h"

namespace ferry::gateway {
namespace {

using testing::FakeConnection;

class SessionMediaTest : public SessionTest {};

TEST_F(SessionMediaTest, MediaBeforeJoinIsAFault) {
  Client& ann = Connect();
  const auto packet = testing::Bytes({});
  ann.session->OnMedia(packet);
  EXPECT_EQ(ann.Heard(), (Texts{"error 20003"}));
  for (int i = 0; i < 100; ++i) ann.session->OnMedia(packet);
  EXPECT_EQ(ann.connection.closed_with, 4003);
}

TEST_F(SessionMediaTest, OversizedMediaEndsTheConnection) {
  Client& ann = Joined("ann");
  ann.session->OnMedia(std::vector<uint8_t>(1201, 0x80));
  EXPECT_EQ(ann.Heard().back(), "error 20013");
  EXPECT_EQ(ann.connection.closed_with, 1009);
}

TEST_F(SessionMediaTest, RandomBytesAsMediaHarmNobody) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  std::mt19937 generator(7);
  for (int i = 0; i < 2000 && ann.connection.closed_with == 0; ++i) {
    std::vector<uint8_t> bytes(generator() % 1200);
    for (auto& byte : bytes) byte = static_cast<uint8_t>(generator());
    ann.session->OnMedia(bytes);
    ann.connection.Drain(*ann.session);
  }
  EXPECT_EQ(ann.connection.closed_with, 4003);
  EXPECT_EQ(bob.Ask({{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
}

TEST_F(SessionMediaTest, ForwardsMediaUnderTheSubscribersNumbers) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("audio")["ssrc"];
  const uint32_t out = bob.Subscribe("s1")["ssrc"];
  for (uint16_t i = 0; i < 3; ++i) {
    ann.session->OnMedia(testing::Bytes({.ssrc = in,
                                         .sequence = static_cast<uint16_t>(500 + i),
                                         .timestamp = 960u * i,
                                         .payload_type = rtp::kOpusPayloadType,
                                         .transport_sequence = static_cast<uint16_t>(7000 + i)}));
  }
  bob.connection.Drain(*bob.session);
  ASSERT_EQ(bob.connection.packets.size(), 3u);
  const auto first = rtp::ParseRtp(bob.connection.packets[0]);
  ASSERT_TRUE(first);
  for (uint16_t i = 0; i < 3; ++i) {
    const auto packet = rtp::ParseRtp(bob.connection.packets[i]);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->header.ssrc, out);
    EXPECT_EQ(packet->header.timestamp, 960u * i);
    EXPECT_EQ(packet->header.sequence_number,
              static_cast<uint16_t>(first->header.sequence_number + i));
    EXPECT_EQ(packet->extensions.transport_sequence_number, i);
  }
  EXPECT_TRUE(ann.connection.packets.empty()) << "nothing comes back to the publisher";
}

TEST_F(SessionMediaTest, AfterUnsubscribingNothingArrives) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("audio")["ssrc"];
  bob.Subscribe("s1");
  const auto packet = testing::Bytes({.ssrc = in, .payload_type = rtp::kOpusPayloadType});
  ann.session->OnMedia(packet);
  EXPECT_EQ(bob.Ask({{"type", "unsubscribe"}, {"streamId", "s1"}})["type"], "ok");
  const size_t before = bob.connection.packets.size();
  ann.session->OnMedia(packet);
  bob.connection.Drain(*bob.session);
  EXPECT_EQ(bob.connection.packets.size(), before);
}

TEST_F(SessionMediaTest, SubscribingTwiceIsTheSameSubscription) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  ann.Publish("audio");
  EXPECT_EQ(bob.Subscribe("s1")["ssrc"], bob.Subscribe("s1")["ssrc"]);
  EXPECT_EQ(counts[0].subscriptions.value(), 1);
}

TEST_F(SessionMediaTest, SubscriptionsAreLimited) {
  limits.media.max_subscriptions = 1;
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  ann.Publish("audio");
  ann.Publish("video");
  EXPECT_EQ(bob.Subscribe("s1")["type"], "ok");
  EXPECT_EQ(bob.Subscribe("s2")["code"], 20014);
}

// The RTCP of one kind among what a client was sent.
template <typename T>
std::vector<T> RtcpOf(const FakeConnection& connection) {
  std::vector<T> found;
  for (const auto& bytes : connection.packets) {
    if (!rtp::IsRtcp(bytes)) continue;
    const auto parts = rtp::ParseRtcp(bytes);
    if (!parts) continue;
    for (const auto& part : *parts) {
      if (const auto* wanted = std::get_if<T>(&part)) found.push_back(*wanted);
    }
  }
  return found;
}

TEST_F(SessionMediaTest, SubscribingToVideoAsksThePublisherForAKeyframe) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("video")["ssrc"];
  bob.Subscribe("s1");
  ann.connection.Drain(*ann.session);
  const auto requests = RtcpOf<rtp::PictureLossIndication>(ann.connection);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].media_ssrc, in);
}

TEST_F(SessionMediaTest, ASubscribersPictureLossAndNackReachTheirGoal) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("video")["ssrc"];
  const uint32_t out = bob.Subscribe("s1")["ssrc"];
  ann.session->OnMedia(testing::Bytes({.ssrc = in, .sequence = 1, .keyframe = true}));
  bob.connection.Drain(*bob.session);
  ASSERT_EQ(bob.connection.packets.size(), 1u);
  const auto sent = rtp::ParseRtp(bob.connection.packets[0]);
  Advance(Duration::Millis(400));
  bob.session->OnMedia(testing::Rtcp(rtp::Nack{
      .sender_ssrc = 9, .media_ssrc = out, .sequence_numbers = {sent->header.sequence_number}}));
  bob.session->OnMedia(
      testing::Rtcp(rtp::PictureLossIndication{.sender_ssrc = 9, .media_ssrc = out}));
  bob.connection.Drain(*bob.session);
  ann.connection.Drain(*ann.session);
  const auto again = rtp::ParseRtp(bob.connection.packets.back());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->header.sequence_number, sent->header.sequence_number);
  EXPECT_EQ(again->extensions.transport_sequence_number, 1) << "a new transport-wide number";
  EXPECT_EQ(RtcpOf<rtp::PictureLossIndication>(ann.connection).size(), 2u);
}

TEST_F(SessionMediaTest, AFloodOfSenderReportsReachesNobodyAndLeavesRequestsAlone) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("audio")["ssrc"];
  const uint32_t own = bob.Publish("video")["ssrc"];
  bob.Subscribe("s1");
  ann.Subscribe("s2");  // asks bob for a key frame
  std::vector<uint8_t> flood;
  for (int i = 0; i < 40; ++i) {
    const auto report = testing::Rtcp(rtp::SenderReport{.sender_ssrc = in});
    flood.insert(flood.end(), report.begin(), report.end());
  }
  for (int i = 0; i < 20; ++i) ann.session->OnMedia(flood);
  bob.connection.Drain(*bob.session);
  EXPECT_EQ(ann.connection.closed_with, 0);
  EXPECT_EQ(RtcpOf<rtp::SenderReport>(bob.connection).size(), 1u);
  const auto requests = RtcpOf<rtp::PictureLossIndication>(bob.connection);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].media_ssrc, own);
}

TEST_F(SessionMediaTest, PublishersGetFeedbackAndReports) {
  Client& ann = Joined("ann");
  const uint32_t in = ann.Publish("audio")["ssrc"];
  for (uint16_t i = 0; i < 5; ++i) {
    ann.session->OnMedia(testing::Bytes({.ssrc = in,
                                         .sequence = i,
                                         .payload_type = rtp::kOpusPayloadType,
                                         .transport_sequence = static_cast<uint16_t>(40 + i)}));
    Advance(Duration::Millis(20));
  }
  for (int i = 0; i < 12; ++i) Advance(Duration::Millis(100));
  ann.connection.Drain(*ann.session);
  size_t received = 0;
  for (const auto& feedback : RtcpOf<rtp::TransportFeedback>(ann.connection)) {
    for (const auto& packet : feedback.packets) received += packet.received;
  }
  EXPECT_EQ(received, 5u);
  const auto reports = RtcpOf<rtp::ReceiverReport>(ann.connection);
  ASSERT_FALSE(reports.empty());
  EXPECT_EQ(reports.back().blocks.at(0).ssrc, in);
  EXPECT_EQ(reports.back().blocks.at(0).highest_sequence & 0xFFFF, 4u);
}

TEST_F(SessionMediaTest, APublisherBeyondItsRateIsThrottled) {
  limits.media.max_publish_packets_per_second = 100;
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("audio")["ssrc"];
  bob.Subscribe("s1");
  for (uint16_t i = 0; i < 1000; ++i) {
    ann.session->OnMedia(
        testing::Bytes({.ssrc = in, .sequence = i, .payload_type = rtp::kOpusPayloadType}));
  }
  EXPECT_EQ(counts[0].packets_in.value(), 100);
  EXPECT_EQ(counts[0].dropped[static_cast<size_t>(DropReason::kRate)].value(), 900);
  EXPECT_EQ(ann.connection.closed_with, 0);
}

TEST_F(SessionMediaTest, AClientThatReadsNothingIsCutOffAndItsMemoryBounded) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("video")["ssrc"];
  bob.Subscribe("s1");
  net::OutgoingFrame frame;
  ASSERT_FALSE(bob.session->NextFrame(frame));
  size_t worst = 0;
  uint16_t sequence = 0;
  for (int ms = 0; ms < 12'000 && bob.connection.closed_with == 0; ms += 5) {
    ann.session->OnMedia(testing::Bytes(
        {.ssrc = in, .sequence = sequence++, .keyframe = true, .payload_size = 1000}));
    ann.connection.Drain(*ann.session);
    // The transport takes one frame and never comes back for another.
    if (ms == 0) {
      ASSERT_TRUE(bob.session->NextFrame(frame));
    }
    Advance(Duration::Millis(5));
    if (ms % 2000 == 0) {
      ann.Send({{"type", "ping"}, {"timeMs", 1}});
      bob.session->OnControl(R"({"type":"ping","id":1,"timeMs":1})");
    }
    worst = std::max(worst, worker(0).sessions.queued_bytes());
  }
  EXPECT_EQ(bob.connection.closed_with, 4004);
  EXPECT_LT(worst, limits.media.queue.max_media_bytes + limits.log.max_bytes);
  EXPECT_EQ(ann.connection.closed_with, 0);
}

}  // namespace
}  // namespace ferry::gateway
