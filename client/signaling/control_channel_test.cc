#include "client/signaling/control_channel.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ferry::client {
namespace {

using nlohmann::json;

class ControlChannelTest : public ::testing::Test {
 protected:
  // Every message that waits, in order.
  std::vector<json> Written() {
    std::vector<json> messages;
    while (const auto text = channel.NextMessage()) messages.push_back(json::parse(*text));
    return messages;
  }
  ControlEvent Receive(const json& message) {
    auto event = channel.Receive(message.dump(), now);
    EXPECT_TRUE(event) << event.error().message;
    return event.value_or(ControlEvent{});
  }
  void JoinSession() {
    ASSERT_TRUE(channel.Join({.user_id = "ann", .room = 7u}));
    channel.OnConnected(now);
    Written();
    Receive({{"type", "ok"},
             {"id", 1},
             {"seq", 1},
             {"sessionId", "x"},
             {"users", json::array()},
             {"resumeToken", "t1"},
             {"resumeTimeoutMs", 90000}});
  }

  ControlChannel channel;
  Timestamp now = Timestamp::Millis(1'790'000'000'000);
};

TEST_F(ControlChannelTest, WritesWhatWasAskedBeforeTheConnection) {
  ASSERT_TRUE(channel.Join({.sdk_app_id = 5, .user_id = "ann", .room = std::string("r")}));
  EXPECT_TRUE(Written().empty());
  channel.OnConnected(now);
  const auto messages = Written();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]["type"], "join");
  EXPECT_EQ(messages[0]["room"], (json{{"kind", "string"}, {"id", "r"}}));
}

TEST_F(ControlChannelTest, GivesEachAnswerWithItsRequest) {
  JoinSession();
  ASSERT_EQ(channel.Subscribe("s1", nullptr), 2);
  ASSERT_EQ(channel.Unsubscribe("s2"), 3);
  const auto refused = Receive(
      {{"type", "error"}, {"id", 3}, {"seq", 2}, {"code", 20007}, {"message", "no such stream"}});
  EXPECT_EQ(std::get<Answered>(refused).type, RequestType::kUnsubscribe);
  EXPECT_EQ(std::get<Answered>(refused).stream_id, "s2");
  const auto subscribed = Receive({{"type", "ok"}, {"id", 2}, {"seq", 3}, {"ssrc", 9}});
  EXPECT_EQ(std::get<Answered>(subscribed).answer.ssrc, 9u);
}

TEST_F(ControlChannelTest, AcknowledgesBeforeTheGatewayMissesIt) {
  JoinSession();
  for (int64_t seq = 2; seq <= 32; ++seq) {
    Receive({{"type", "user-entered"}, {"seq", seq}, {"userId", "bob"}});
  }
  const auto messages = Written();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0], (json{{"type", "ack"}, {"seq", 32}}));
}

TEST_F(ControlChannelTest, PingsTellTheRoundTripAndAcknowledge) {
  JoinSession();
  now += ControlChannel::kPingInterval;
  channel.Tick(now);
  const auto messages = Written();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]["type"], "ping");
  EXPECT_EQ(messages[0]["ack"], 1);
  now += Duration::Millis(30);
  Receive({{"type", "ok"},
           {"id", messages[0]["id"]},
           {"timeMs", messages[0]["timeMs"]},
           {"serverTimeMs", 1}});
  EXPECT_EQ(channel.round_trip(), Duration::Millis(30));
}

TEST_F(ControlChannelTest, ResumesWithEachRequestHandledOnceAndEachMessageHeardOnce) {
  JoinSession();
  const auto handled = channel.Subscribe("s1", nullptr);
  const auto lost = channel.Subscribe("s2", nullptr);
  Receive({{"type", "user-entered"}, {"seq", 2}, {"userId", "bob"}});
  Written();
  channel.OnDisconnected();
  const auto meanwhile = channel.Unsubscribe("s3");
  channel.OnConnected(now);
  auto messages = Written();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]["type"], "resume");
  EXPECT_EQ(messages[0]["token"], "t1");
  EXPECT_EQ(messages[0]["ack"], 2);
  Receive({{"type", "ok"},
           {"id", messages[0]["id"]},
           {"lastId", *handled},
           {"resumeToken", "t2"},
           {"resumeTimeoutMs", 90000}});
  messages = Written();
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0]["id"], *lost);
  EXPECT_EQ(messages[1]["id"], *meanwhile);
  EXPECT_EQ(messages[2]["type"], "ack");  // which ends the old token
  const json repeated = {{"type", "user-entered"}, {"seq", 2}, {"userId", "bob"}};
  EXPECT_TRUE(std::holds_alternative<std::monostate>(Receive(repeated)));
  const auto answer = Receive({{"type", "ok"}, {"id", *handled}, {"seq", 3}, {"ssrc", 9}});
  EXPECT_EQ(std::get<Answered>(answer).stream_id, "s1");
  channel.OnDisconnected();
  channel.OnConnected(now);
  EXPECT_EQ(Written().at(0)["token"], "t2");
}

TEST_F(ControlChannelTest, APingAnsweredBeforeItWasSentTellsNoRoundTrip) {
  JoinSession();
  now += ControlChannel::kPingInterval;
  channel.Tick(now);
  const auto messages = Written();
  ASSERT_EQ(messages.size(), 1u);
  const json pong = {{"type", "ok"}, {"id", messages[0]["id"]}, {"timeMs", now.ms_f() + 1}};
  EXPECT_TRUE(channel.Receive(pong.dump(), now));
  EXPECT_EQ(channel.round_trip(), std::nullopt);
}

TEST_F(ControlChannelTest, NothingPassesARequestThatIsToBeRepeated) {
  JoinSession();
  channel.OnDisconnected();
  channel.OnConnected(now);
  Written();
  ASSERT_TRUE(channel.Subscribe("s1", nullptr));
  now += ControlChannel::kPingInterval;
  channel.Tick(now);
  EXPECT_TRUE(Written().empty());
}

TEST_F(ControlChannelTest, AMessageThatIsMissedEndsTheConnection) {
  JoinSession();
  const json message = {{"type", "user-entered"}, {"seq", 3}, {"userId", "bob"}};
  EXPECT_FALSE(channel.Receive(message.dump(), now));
}

TEST_F(ControlChannelTest, RefusesMoreRequestsThanItsLimit) {
  JoinSession();
  for (size_t i = 0; i < ControlChannel::kMaxPending; ++i) {
    ASSERT_TRUE(channel.Unsubscribe("s"));
  }
  EXPECT_FALSE(channel.Unsubscribe("s"));
}

}  // namespace
}  // namespace ferry::client
