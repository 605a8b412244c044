#include "client/load/load_client.h"

#include <gtest/gtest.h>

#include "client/testing/fake_connection.h"

namespace ferry::client {
namespace {

using nlohmann::json;
using testing::FakeConnection;

struct FakeClock final : Clock {
  Timestamp Now() const override { return now; }
  Timestamp now = Timestamp::Millis(1'790'000'000'000);
};

class LoadClientTest : public ::testing::Test {
 protected:
  LoadPlan plan{.audio_publishers = 1,
                .video_publishers = 1,
                .big = {.bitrate = DataRate::KilobitsPerSec(500), .width = 640, .height = 360},
                .subscribe_video = 1};
  FakeClock clock;
  LoadStats stats;
  FakeConnection connection;
  std::unique_ptr<LoadClient> client;

  void Join(int place, json users = json::array()) {
    client = std::make_unique<LoadClient>(
        ClientPlan{.index = place, .join = {.user_id = "load", .room = 1u}, .place = place}, plan,
        clock, stats);
    client->Begin();
    clock.now += Duration::Millis(12);
    connection.handler = client->NewHandler(connection);
    connection.Flush();
    connection.Say({{"type", "ok"},
                    {"id", connection.Last("join")["id"]},
                    {"sessionId", "x"},
                    {"resumeToken", "t1"},
                    {"resumeTimeoutMs", 90000},
                    {"users", std::move(users)}});
    connection.Flush();
  }
  // RTP packets written since the last call.
  std::vector<std::vector<uint8_t>> Packets() {
    connection.Flush();
    return std::exchange(connection.media, {});
  }
};

const json kSomebody = {{{"userId", "bob"},
                         {"streams",
                          {{{"streamId", "v1"},
                            {"kind", "video"},
                            {"source", "main"},
                            {"codec", "vp8"},
                            {"muted", false}},
                           {{"streamId", "v2"},
                            {"kind", "video"},
                            {"source", "sub"},
                            {"codec", "vp8"},
                            {"muted", false}}}}}};

TEST_F(LoadClientTest, TellsHowLongItsJoinTook) {
  Join(0);
  EXPECT_EQ(stats.joined, 1u);
  EXPECT_EQ(stats.joining.max(), Duration::Millis(12));
}

TEST_F(LoadClientTest, PublishesUnderTheSsrcItIsGiven) {
  plan.small = StreamShape{.bitrate = DataRate::KilobitsPerSec(100)};
  Join(0);
  const json publish = connection.Last("publish");
  EXPECT_EQ(publish["kind"], "video");
  ASSERT_EQ(publish["encodings"].size(), 2u);
  connection.Say(
      {{"type", "ok"}, {"id", publish["id"]}, {"streamId", "s"}, {"ssrc", 7}, {"ssrcs", {7, 8}}});
  client->TickMedia(clock.now + Duration::Millis(40));
  std::set<uint32_t> ssrcs;
  uint16_t transport_sequence = 0;
  for (const auto& packet : Packets()) {
    const auto view = rtp::ParseRtp(packet);
    ASSERT_TRUE(view);
    ssrcs.insert(view->header.ssrc);
    EXPECT_EQ(view->extensions.transport_sequence_number, transport_sequence++);
  }
  EXPECT_EQ(ssrcs, (std::set<uint32_t>{7, 8}));
}

TEST_F(LoadClientTest, AnswersAKeyFrameRequest) {
  Join(0);
  connection.Say(
      {{"type", "ok"}, {"id", connection.Last("publish")["id"]}, {"streamId", "s"}, {"ssrc", 7}});
  std::vector<uint8_t> pli;
  ASSERT_TRUE(rtp::AppendRtcp(rtp::PictureLossIndication{.media_ssrc = 7}, pli));
  connection.handler->OnMedia(pli);
  EXPECT_EQ(stats.sent.keyframe_requests, 1u);
}

TEST_F(LoadClientTest, SubscribesToAsManyAsItIsTold) {
  Join(5, kSomebody);
  int subscriptions = 0;
  for (const json& message : connection.control) subscriptions += message["type"] == "subscribe";
  EXPECT_EQ(subscriptions, 1);
}

TEST_F(LoadClientTest, ChecksAndReportsWhatItReceives) {
  Join(5, kSomebody);
  connection.Say({{"type", "ok"}, {"id", connection.Last("subscribe")["id"]}, {"ssrc", 9}});
  SyntheticStream stream(plan.big, 9, 1, clock.now);
  PacketQueue queue(64);
  stream.Produce(clock.now, queue);
  for (; !queue.empty(); queue.Pop()) connection.handler->OnMedia(queue.Front());
  EXPECT_GT(stats.video.packets, 0u);
  EXPECT_EQ(stats.video.damaged, 0u);
  clock.now += Duration::Millis(100);
  client->TickControl(clock.now);
  bool feedback = false;
  for (const auto& packet : Packets()) {
    const auto parts = rtp::ParseRtcp(packet);
    ASSERT_TRUE(parts);
    feedback = feedback || std::holds_alternative<rtp::TransportFeedback>(parts->at(0));
  }
  EXPECT_TRUE(feedback);
}

TEST_F(LoadClientTest, ALostConnectionIsAFailureWithItsReason) {
  Join(5);
  connection.handler->OnClosed({.clean = false, .code = 0, .reason = "reset"});
  EXPECT_EQ(stats.failures["lost: 0 reset"], 1u);
}

class MovingLoadClientTest : public LoadClientTest {
 protected:
  MovingLoadClientTest() { plan.switch_every = Duration::Seconds(2); }
  // Opens the connection of a move that is due.
  void Move() {
    clock.now += Duration::Seconds(2);
    const auto transport = client->TakeMove(clock.now);
    ASSERT_TRUE(transport);
    next.kind = *transport;
    clock.now += Duration::Millis(8);
    next.handler = client->NewHandler(next);
    next.Flush();
  }
  FakeConnection next;
};

TEST_F(MovingLoadClientTest, MovesToTheOtherTransportAgainAndAgain) {
  Join(5);
  EXPECT_FALSE(client->TakeMove(clock.now));
  Move();
  EXPECT_EQ(next.kind, net::TransportKind::kWebTransport);
  EXPECT_EQ(next.Last("resume")["token"], "t1");
  EXPECT_EQ(stats.switches, 0u);
  EXPECT_FALSE(client->TakeMove(clock.now + Duration::Seconds(5)));  // one at a time
  next.Say(
      {{"type", "ok"}, {"id", next.Last("resume")["id"]}, {"lastId", 1}, {"resumeToken", "t2"}});
  connection.handler->OnClosed({.clean = true, .code = 4008, .reason = "moved"});
  EXPECT_EQ(stats.switches, 1u);
  EXPECT_EQ(stats.switching.max(), Duration::Millis(8));
  EXPECT_EQ(stats.failed, 0u);
  EXPECT_EQ(client->TakeMove(clock.now + Duration::Seconds(2)), net::TransportKind::kWebSocket);
}

TEST_F(MovingLoadClientTest, AFailedMoveIsAFailureWithItsReason) {
  Join(5);
  Move();
  next.handler->OnClosed({.clean = true, .code = 4007, .reason = "cannot resume"});
  EXPECT_EQ(stats.failures["move: lost: 4007 cannot resume"], 1u);
  EXPECT_FALSE(client->TakeMove(clock.now + Duration::Seconds(5)));
}

TEST_F(MovingLoadClientTest, AMoveThatIsNotAnsweredIsAFailure) {
  Join(5);
  Move();
  clock.now += Duration::Seconds(11);
  client->TickControl(clock.now);
  EXPECT_EQ(stats.failures["move: no answer in time"], 1u);
}

TEST_F(MovingLoadClientTest, AConnectionThatOpensAfterItLeftIsOfNoUse) {
  Join(5);
  clock.now += Duration::Seconds(2);
  ASSERT_TRUE(client->TakeMove(clock.now));
  client->Leave();
  next.handler = client->NewHandler(next);
  next.Flush();
  EXPECT_TRUE(next.aborted);
  EXPECT_TRUE(next.control.empty());
}

}  // namespace
}  // namespace ferry::client
