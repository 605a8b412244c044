#include "client/signaling/gateway_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/connection.h"

namespace ferry::client {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view kJoined =
    R"({"type":"ok","id":3,"seq":1,"sessionId":"x","serverTimeMs":5,"resumeToken":"t",)"
    R"("resumeTimeoutMs":90000,"users":[{"userId":"ann","streams":[{"streamId":"s1",)"
    R"("kind":"video","source":"sub","codec":"vp8","muted":true,)"
    R"("encodings":[{"width":640,"height":360},{"width":320,"height":180}]}]}]})";

TEST(GatewayMessage, ReadsTheAnswerToJoin) {
  const auto message = ParseGatewayMessage(kJoined);
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->seq, 1);
  const auto& answer = std::get<Answer>(message->body);
  EXPECT_EQ(answer.id, 3);
  EXPECT_EQ(answer.resume_token, "t");
  EXPECT_EQ(answer.resume_timeout_ms, 90'000);
  ASSERT_EQ(answer.users.size(), 1u);
  EXPECT_EQ(answer.users[0].user_id, "ann");
  ASSERT_EQ(answer.users[0].streams.size(), 1u);
  const RemoteStream& stream = answer.users[0].streams[0];
  EXPECT_EQ(stream.kind, MediaKind::kVideo);
  EXPECT_EQ(stream.source, MediaSource::kSub);
  EXPECT_TRUE(stream.muted);
  EXPECT_THAT(stream.encodings, ElementsAre(Encoding{640, 360}, Encoding{320, 180}));
}

TEST(GatewayMessage, ReadsTheSsrcOfEachEncoding) {
  const auto message =
      ParseGatewayMessage(R"({"type":"ok","id":1,"streamId":"s","ssrc":7,"ssrcs":[7,8]})");
  ASSERT_TRUE(message);
  const auto& answer = std::get<Answer>(message->body);
  EXPECT_EQ(answer.ssrc, 7u);
  EXPECT_THAT(answer.ssrcs, ElementsAre(7u, 8u));
}

TEST(GatewayMessage, ReadsAnErrorAsAnAnswerOnlyWithAnId) {
  const auto answer = ParseGatewayMessage(R"({"type":"error","id":4,"code":20005,"message":"m"})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(std::get<Answer>(answer->body).error->code, 20005);
  const auto refused = ParseGatewayMessage(R"({"type":"error","code":20009,"message":"m"})");
  ASSERT_TRUE(refused);
  EXPECT_EQ(std::get<Refused>(std::get<Notification>(refused->body)).error.code, 20009);
}

TEST(GatewayMessage, ReadsDrainingAsARequestToReconnect) {
  const auto message =
      ParseGatewayMessage(R"({"type":"closing","seq":9,"reason":"draining","reconnect":true})");
  ASSERT_TRUE(message);
  EXPECT_TRUE(std::get<Closing>(std::get<Notification>(message->body)).reconnect);
}

TEST(GatewayMessage, ReadsWhichLayerComesIfAny) {
  const auto layer = [](const std::string& name) {
    const auto message =
        ParseGatewayMessage(R"({"type":"layer-changed","streamId":"s","layer":")" + name + "\"}");
    return std::get<LayerChanged>(std::get<Notification>(message->body)).layer;
  };
  EXPECT_EQ(layer("big"), Layer::kBig);
  EXPECT_EQ(layer("small"), Layer::kSmall);
  EXPECT_EQ(layer("none"), std::nullopt);
}

TEST(GatewayMessage, PassesOverTypesAndMembersItDoesNotKnow) {
  const auto message = ParseGatewayMessage(R"({"type":"weather","seq":2,"rain":true})");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->seq, 2);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(message->body));
}

TEST(GatewayMessage, RefusesWhatMisusesAMember) {
  for (const char* text : {
           "",
           "[]",
           R"({"id":1})",
           R"({"type":"ok"})",
           R"({"type":"ok","id":-1})",
           R"({"type":"ok","id":1,"ssrc":4294967296})",
           R"({"type":"ok","id":1,"ssrcs":[-1]})",
           R"({"type":"ok","id":1,"users":[{"userId":"a"}]})",
           R"({"type":"user-left","userId":7,"reason":0})",
           R"({"type":"stream-added","userId":"a"})",
           R"({"type":"layer-changed","streamId":"s","layer":"huge"})",
           R"({"type":"kicked","seq":0,"reason":"kick"})",
       }) {
    EXPECT_FALSE(ParseGatewayMessage(text)) << text;
  }
}

TEST(GatewayMessage, RefusesEveryCutShortMessage) {
  for (size_t size = 0; size < kJoined.size(); ++size) {
    EXPECT_FALSE(ParseGatewayMessage(kJoined.substr(0, size))) << size;
  }
}

TEST(GatewayMessage, RefusesTimesThatNoClockTells) {
  for (const char* time : {"1e300", "-1", "1e16"}) {
    const auto pong = std::string(R"({"type":"ok","id":1,"timeMs":)") + time + "}";
    EXPECT_FALSE(ParseGatewayMessage(pong)) << time;
  }
  EXPECT_TRUE(ParseGatewayMessage(R"({"type":"ok","id":1,"timeMs":1790000000000.5})"));
}

TEST(GatewayMessage, RefusesDeepNestingAndHugeMessages) {
  EXPECT_FALSE(
      ParseGatewayMessage(R"({"type":"x","a":)" + std::string(9, '[') + std::string(9, ']') + "}"));
  EXPECT_FALSE(ParseGatewayMessage(R"({"type":"x","a":")" +
                                   std::string(net::kMaxControlBytes, 'a') + "\"}"));
}

TEST(CloseReason, TellsTheErrorThatItRepeats) {
  const auto error = ParseCloseReason("20006 the gateway is full (11 users)");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, 20006);
  EXPECT_EQ(error->message, "the gateway is full (11 users)");
}

TEST(CloseReason, OfOtherWordsTellsNone) {
  for (const char* reason : {"", "nothing was read", "20006", "20006: full", " 20006 full", "-1 x",
                             "0 x", "99999999999 x", "the 300 users"}) {
    EXPECT_FALSE(ParseCloseReason(reason)) << reason;
  }
}

}  // namespace
}  // namespace ferry::client
