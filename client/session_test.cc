#include "client/session.h"

#include <gmock/gmock.h>
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

struct FakeMedia final : MediaPort {
  void OnPacket(ByteSpan packet, Timestamp) override {
    received.emplace_back(packet.begin(), packet.end());
  }
  ByteSpan NextPacket(Timestamp) override {
    if (next >= to_send.size()) return {};
    return to_send[next++];
  }
  std::vector<std::vector<uint8_t>> received, to_send;
  size_t next = 0;
};

struct RecordingListener final : SessionListener {
  void OnJoined(const std::vector<RemoteUser>& now_here) override {
    ++joined;
    users = now_here;
  }
  void OnPublished(const Published& p) override { published.push_back(p); }
  void OnSubscribed(const std::string& id, uint32_t ssrc) override { subscribed[id] = ssrc; }
  void OnRequestFailed(RequestType, const std::string& id, const RequestError& error) override {
    failed[id] = error.code;
  }
  void OnNotification(const Notification& n) override { notifications.push_back(n); }
  void OnConnectionLost(const net::ConnectionEnd&) override { ++lost; }
  void OnResumed() override { ++resumed; }
  void OnEnded(const SessionEnd& e) override { end = e; }

  int joined = 0, lost = 0, resumed = 0;
  std::vector<RemoteUser> users;
  std::vector<Published> published;
  std::map<std::string, uint32_t> subscribed;
  std::map<std::string, int> failed;
  std::vector<Notification> notifications;
  std::optional<SessionEnd> end;
};

class SessionTest : public ::testing::Test {
 protected:
  void Connect() {
    connection.handler.reset();
    connection.control.clear();
    connection.handler = session.NewHandler(connection);
    connection.Flush();
  }
  void Join() {
    Connect();
    connection.Say({{"type", "ok"},
                    {"id", connection.Last("join")["id"]},
                    {"seq", 1},
                    {"sessionId", "x"},
                    {"users", json::array()},
                    {"resumeToken", "t1"},
                    {"resumeTimeoutMs", 90000}});
  }
  void Lose(uint16_t code = 0) {
    connection.handler->OnClosed({.clean = code != 0, .code = code, .reason = "lost"});
  }

  FakeClock clock;
  FakeMedia media;
  RecordingListener listener;
  FakeConnection connection;
  Session session{{.user_id = "ann", .room = 7u}, clock, media, listener};
};

TEST_F(SessionTest, JoinsOnItsFirstConnection) {
  Join();
  EXPECT_EQ(listener.joined, 1);
  EXPECT_TRUE(session.resumable());
}

TEST_F(SessionTest, ControlGoesBeforeMedia) {
  Join();
  media.to_send = {{0x80, 1}, {0x80, 2}};
  ASSERT_TRUE(session.Subscribe("s1", nullptr));
  EXPECT_TRUE(connection.woken);
  net::OutgoingFrame frame;
  ASSERT_TRUE(connection.handler->NextFrame(frame));
  EXPECT_TRUE(frame.control);
  connection.Flush();
  EXPECT_EQ(connection.media, media.to_send);
}

TEST_F(SessionTest, HandsMediaToItsPort) {
  Join();
  const std::vector<uint8_t> packet = {0x80, 96, 0, 1};
  connection.handler->OnMedia(packet);
  EXPECT_THAT(media.received, ::testing::ElementsAre(packet));
}

TEST_F(SessionTest, TellsTheSsrcsOfWhatIsPublished) {
  Join();
  const auto id = session.Publish({.kind = MediaKind::kVideo,
                                   .codec = "vp8",
                                   .encodings = {{640, 360, 500'000}, {320, 180, 150'000}}});
  connection.Flush();
  EXPECT_EQ(connection.Last("publish")["encodings"].size(), 2u);
  EXPECT_EQ(connection.Last("publish")["encodings"][1]["maxBitrateBps"], 150'000);
  connection.Say({{"type", "ok"},
                  {"id", *id},
                  {"seq", 2},
                  {"streamId", "s1"},
                  {"ssrc", 5},
                  {"ssrcs", {5, 6}}});
  ASSERT_EQ(listener.published.size(), 1u);
  EXPECT_EQ(listener.published[0].request_id, *id);
  EXPECT_THAT(listener.published[0].ssrcs, ::testing::ElementsAre(5u, 6u));
}

TEST_F(SessionTest, ResumesOnTheNextConnection) {
  Join();
  Lose();
  EXPECT_EQ(listener.lost, 1);
  ASSERT_TRUE(session.Subscribe("s1", nullptr));
  Connect();
  const json resume = connection.Last("resume");
  EXPECT_EQ(resume["token"], "t1");
  EXPECT_TRUE(connection.Last("subscribe").is_null());
  connection.Say({{"type", "ok"},
                  {"id", resume["id"]},
                  {"lastId", 1},
                  {"resumeToken", "t2"},
                  {"resumeTimeoutMs", 90000}});
  connection.Flush();
  EXPECT_EQ(listener.resumed, 1);
  EXPECT_EQ(connection.Last("subscribe")["streamId"], "s1");
  EXPECT_FALSE(listener.end);
}

TEST_F(SessionTest, MovesToAnotherConnectionWhileTheFirstStillBringsMedia) {
  Join();
  ASSERT_TRUE(session.Subscribe("s1", nullptr));
  FakeConnection next;
  next.handler = session.NewHandler(next);
  next.Flush();
  EXPECT_FALSE(connection.aborted);
  connection.Flush();
  EXPECT_TRUE(connection.Last("subscribe").is_null());  // repeated on the new one, if need be
  const std::vector<uint8_t> packet = {0x80, 96, 0, 1};
  connection.handler->OnMedia(packet);
  EXPECT_THAT(media.received, ::testing::ElementsAre(packet));
  connection.Say({{"type", "user-entered"}, {"seq", 2}, {"userId", "bob"}});
  EXPECT_TRUE(listener.notifications.empty());
  next.Say({{"type", "ok"},
            {"id", next.Last("resume")["id"]},
            {"lastId", 1},
            {"resumeToken", "t2"},
            {"resumeTimeoutMs", 90000}});
  next.Say({{"type", "user-entered"}, {"seq", 2}, {"userId", "bob"}});
  EXPECT_EQ(listener.notifications.size(), 1u);
  Lose(4008);
  EXPECT_EQ(listener.lost, 0);
  EXPECT_FALSE(listener.end);
  EXPECT_TRUE(session.connected());
  next.Flush();
  EXPECT_EQ(next.Last("subscribe")["streamId"], "s1");
}

TEST_F(SessionTest, MediaDoesNotOvertakeAResume) {
  Join();
  FakeConnection next;
  next.handler = session.NewHandler(next);
  next.Flush();
  connection.woken = next.woken = false;
  media.to_send = {{0x80, 1}};
  session.Wake();
  EXPECT_TRUE(connection.woken);
  next.Flush();
  EXPECT_TRUE(next.media.empty());
  connection.Flush();
  EXPECT_EQ(connection.media.size(), 1u);
  Lose(4008);
  media.to_send.push_back({0x80, 2});
  next.Flush();
  EXPECT_TRUE(next.media.empty());
  next.Say({{"type", "ok"},
            {"id", next.Last("resume")["id"]},
            {"lastId", 1},
            {"resumeToken", "t2"},
            {"resumeTimeoutMs", 90000}});
  EXPECT_TRUE(next.woken);
  next.Flush();
  EXPECT_EQ(next.media.size(), 1u);
}

TEST_F(SessionTest, AMoveThatFailsEndsBothConnections) {
  Join();
  FakeConnection next;
  next.handler = session.NewHandler(next);
  next.handler->OnClosed({.clean = false, .reason = "reset"});
  EXPECT_TRUE(connection.aborted);
  EXPECT_EQ(listener.lost, 1);
  EXPECT_FALSE(session.connected());
}

TEST_F(SessionTest, JoinsAnewWhenTheGatewayForgotIt) {
  Join();
  Lose();
  Connect();
  connection.Say({{"type", "error"},
                  {"id", connection.Last("resume")["id"]},
                  {"code", 20016},
                  {"message", "cannot resume"}});
  Lose(4007);
  EXPECT_FALSE(listener.end);
  Join();
  EXPECT_EQ(listener.joined, 2);
}

TEST_F(SessionTest, EndsWhenItsJoinIsRefused) {
  Connect();
  connection.Say({{"type", "error"},
                  {"id", connection.Last("join")["id"]},
                  {"code", 70001},
                  {"message", "expired"}});
  Lose(4006);
  ASSERT_TRUE(listener.end);
  EXPECT_EQ(listener.end->cause, SessionEnd::Cause::kRefused);
  EXPECT_EQ(listener.end->code, 70001);
  EXPECT_EQ(listener.lost, 0);
}

TEST_F(SessionTest, EndsWithTheErrorOfItsJoinWhenOnlyTheCloseArrives) {
  Connect();
  connection.handler->OnClosed({.clean = true, .code = 4006, .reason = "70001 it has expired"});
  ASSERT_TRUE(listener.end);
  EXPECT_EQ(listener.end->cause, SessionEnd::Cause::kRefused);
  EXPECT_EQ(listener.end->code, 70001);
  EXPECT_EQ(listener.end->reason, "it has expired");
}

TEST_F(SessionTest, EndsWithTheCodeOfACloseThatIsForNoError) {
  Join();
  connection.handler->OnClosed({.clean = true, .code = 4003, .reason = "too many messages"});
  ASSERT_TRUE(listener.end);
  EXPECT_EQ(listener.end->cause, SessionEnd::Cause::kClosed);
  EXPECT_EQ(listener.end->code, 4003);
  EXPECT_EQ(listener.end->reason, "too many messages");
}

TEST_F(SessionTest, JoinsAnewWhenOnlyTheCloseTellsThatTheGatewayForgotIt) {
  Join();
  Lose();
  Connect();
  ASSERT_FALSE(connection.Last("resume").is_null());
  connection.handler->OnClosed({.clean = true, .code = 4007, .reason = "20016 join again"});
  EXPECT_FALSE(session.resumable());
  Connect();
  EXPECT_TRUE(connection.Last("resume").is_null());
  EXPECT_FALSE(connection.Last("join").is_null());
}

TEST_F(SessionTest, EndsWhenItIsKicked) {
  Join();
  connection.Say({{"type", "kicked"}, {"seq", 2}, {"reason", "kick"}});
  Lose(4001);
  ASSERT_TRUE(listener.end);
  EXPECT_EQ(listener.end->cause, SessionEnd::Cause::kKicked);
}

TEST_F(SessionTest, EndsAsKickedWhenItWasReplacedMeanwhile) {
  Join();
  Lose();
  Connect();
  connection.Say({{"type", "error"},
                  {"id", connection.Last("resume")["id"]},
                  {"code", 20019},
                  {"message", "the same user has entered again"}});
  Lose(4001);
  ASSERT_TRUE(listener.end);
  EXPECT_EQ(listener.end->cause, SessionEnd::Cause::kKicked);
}

TEST_F(SessionTest, EndsAsKickedWhenOnlyTheCloseTellsThatItWasReplaced) {
  Join();
  Lose();
  Connect();
  connection.handler->OnClosed({.clean = true, .code = 4001, .reason = "20019 replaced"});
  ASSERT_TRUE(listener.end);
  EXPECT_EQ(listener.end->cause, SessionEnd::Cause::kKicked);
  EXPECT_EQ(listener.end->reason, "kick");
}

TEST_F(SessionTest, LeavesWithAWord) {
  Join();
  session.Leave();
  connection.Flush();
  EXPECT_FALSE(connection.Last("leave").is_null());
  Lose(1000);
  ASSERT_TRUE(listener.end);
  EXPECT_EQ(listener.end->cause, SessionEnd::Cause::kLeft);
}

TEST_F(SessionTest, EndsAConnectionThatDoesNotSpeakTheProtocol) {
  Join();
  connection.handler->OnControl("{");
  EXPECT_EQ(connection.close_code, 1002);
  ASSERT_TRUE(listener.end);
  EXPECT_EQ(listener.end->cause, SessionEnd::Cause::kClosed);
}

TEST_F(SessionTest, HearsNothingOfAConnectionThatOutlivesIt) {
  auto mortal = std::make_unique<Session>(JoinParams{.room = 7u}, clock, media, listener);
  connection.handler = mortal->NewHandler(connection);
  mortal.reset();
  EXPECT_TRUE(connection.aborted);
  net::OutgoingFrame frame;
  EXPECT_FALSE(connection.handler->NextFrame(frame));
  connection.handler->OnControl("{");
  Lose();
  EXPECT_FALSE(listener.end);
}

}  // namespace
}  // namespace ferry::client
