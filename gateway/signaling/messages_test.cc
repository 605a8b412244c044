#include "gateway/signaling/messages.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace ferry::gateway {
namespace {

using nlohmann::json;

json JoinMessage() {
  return {{"type", "join"},
          {"id", 1},
          {"version", 1},
          {"sdkAppId", 1400000000},
          {"userId", "ann"},
          {"userSig", "sig"},
          {"room", {{"kind", "number"}, {"id", 8888}}},
          {"scene", "rtc"},
          {"role", "anchor"},
          {"client", "ferry-rtc/0.1.0"}};
}

int CodeOf(const std::string& text) {
  const auto parsed = ParseRequest(text);
  return parsed ? 0 : parsed.error().code;
}

// The code for JoinMessage with one member changed.
int JoinWith(const char* member, const json& value) {
  json message = JoinMessage();
  message[member] = value;
  return CodeOf(message.dump());
}
int JoinWithout(const char* member) {
  json message = JoinMessage();
  message.erase(member);
  return CodeOf(message.dump());
}

TEST(ParseRequest, Join) {
  const auto request = ParseRequest(JoinMessage().dump());
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->id, 1);
  const auto& join = std::get<JoinRequest>(request->body);
  EXPECT_EQ(join.sdk_app_id, 1400000000u);
  EXPECT_EQ(join.user_id, "ann");
  EXPECT_EQ(join.user_sig, "sig");
  EXPECT_EQ(std::get<uint32_t>(join.room), 8888u);
  EXPECT_EQ(join.scene, Scene::kRtc);
  EXPECT_EQ(join.client, "ferry-rtc/0.1.0");
}

TEST(ParseRequest, JoinRefusalsHaveTheCodeOfTheirMember) {
  EXPECT_EQ(JoinWithout("sdkAppId"), -3317);
  EXPECT_EQ(JoinWith("sdkAppId", "1400000000"), -3317);
  EXPECT_EQ(JoinWith("sdkAppId", 0), -3317);
  EXPECT_EQ(JoinWith("sdkAppId", 1.5), -3317);
  EXPECT_EQ(JoinWith("sdkAppId", 5e9), -3317);
  EXPECT_EQ(JoinWithout("room"), -3318);
  EXPECT_EQ(JoinWithout("userId"), -3319);
  EXPECT_EQ(JoinWith("userId", ""), -3319);
  EXPECT_EQ(JoinWith("userId", "two\nlines"), -3319);
  EXPECT_EQ(JoinWith("userId", std::string(129, 'x')), -3319);
  EXPECT_EQ(JoinWithout("userSig"), -3320);
  EXPECT_EQ(JoinWith("userSig", 7), -3320);
  EXPECT_EQ(JoinWithout("version"), -3316);
  EXPECT_EQ(JoinWith("scene", "call"), -3316);
  EXPECT_EQ(JoinWith("role", 1), -3316);
  EXPECT_EQ(JoinWith("client", std::string(257, 'x')), -3316);
  EXPECT_EQ(JoinWith("version", 2), 20010);
}

TEST(ParseRequest, RoomsAreNumbersOrStringsOfTheirAlphabet) {
  const auto room = [](const json& value) { return JoinWith("room", value); };
  EXPECT_EQ(room({{"kind", "number"}, {"id", 1}}), 0);
  EXPECT_EQ(room({{"kind", "number"}, {"id", 4294967295}}), 0);
  EXPECT_EQ(room({{"kind", "number"}, {"id", 0}}), -3318);
  EXPECT_EQ(room({{"kind", "number"}, {"id", 4294967296}}), -3318);
  EXPECT_EQ(room({{"kind", "number"}, {"id", -1}}), -3318);
  EXPECT_EQ(room({{"kind", "number"}, {"id", "8888"}}), -3318);
  EXPECT_EQ(room({{"kind", "string"}, {"id", "8888"}}), 0);
  EXPECT_EQ(room({{"kind", "string"}, {"id", "a b!#$%&()+-:;<=.>?@[]^_{}|~,"}}), 0);
  EXPECT_EQ(room({{"kind", "string"}, {"id", ""}}), -3318);
  EXPECT_EQ(room({{"kind", "string"}, {"id", std::string(65, 'a')}}), -3318);
  EXPECT_EQ(room({{"kind", "string"}, {"id", "ümlaut"}}), -3318);
  EXPECT_EQ(room({{"kind", "string"}, {"id", 8888}}), -3318);
  EXPECT_EQ(room({{"kind", "both"}, {"id", 1}}), -3318);
  EXPECT_EQ(room(8888), -3318);
}

TEST(ParseRequest, RolesMeanSomethingInLiveOnly) {
  json message = JoinMessage();
  message["role"] = "audience";
  EXPECT_EQ(std::get<JoinRequest>(ParseRequest(message.dump())->body).role, Role::kAnchor);
  message["scene"] = "live";
  EXPECT_EQ(std::get<JoinRequest>(ParseRequest(message.dump())->body).role, Role::kAudience);
}

TEST(ParseRequest, ClientTextCannotForgeLogLines) {
  json message = JoinMessage();
  message["client"] = "a\nb\x7F";
  EXPECT_EQ(std::get<JoinRequest>(ParseRequest(message.dump())->body).client, "a?b?");
}

TEST(ParseRequest, Publish) {
  const auto request = ParseRequest(
      R"({"type":"publish","id":2,"kind":"video","source":"sub","codec":"vp9","muted":true})");
  ASSERT_TRUE(request);
  const auto& publish = std::get<PublishRequest>(request->body);
  EXPECT_EQ(publish.kind, MediaKind::kVideo);
  EXPECT_EQ(publish.source, MediaSource::kSub);
  EXPECT_EQ(publish.codec, Codec::kVp9);
  EXPECT_TRUE(publish.muted);
}

TEST(ParseRequest, RefusesACodecThatDoesNotCarryTheKind) {
  EXPECT_EQ(
      CodeOf(
          R"({"type":"publish","id":2,"kind":"audio","source":"main","codec":"vp8","muted":false})"),
      20001);
  EXPECT_EQ(
      CodeOf(
          R"({"type":"publish","id":2,"kind":"video","source":"main","codec":"opus","muted":false})"),
      20001);
  EXPECT_EQ(
      CodeOf(
          R"({"type":"publish","id":2,"kind":"video","source":"main","codec":"h264","muted":false})"),
      20001);
}

TEST(ParseRequest, MissingMembersAreMalformed) {
  for (const char* type :
       {"publish", "update-stream", "unpublish", "subscribe", "unsubscribe", "ping"}) {
    const auto parsed = ParseRequest(json{{"type", type}, {"id", 3}}.dump());
    ASSERT_FALSE(parsed) << type;
    EXPECT_EQ(parsed.error().code, 20001) << type;
    EXPECT_EQ(parsed.error().id, 3) << type;
  }
}

TEST(ParseRequest, UnknownMembersAreIgnored) {
  EXPECT_TRUE(ParseRequest(R"({"type":"leave","id":1,"mood":"sad","more":{"a":[1,2]}})"));
}

TEST(ParseRequest, UnknownTypesAreNamedAsSuch) {
  const auto parsed = ParseRequest(R"({"type":"dance","id":9})");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, 20002);
  EXPECT_EQ(parsed.error().id, 9);
}

TEST(ParseRequest, RubbishIsMalformed) {
  for (const char* text :
       {"", " ", "null", "7", "\"join\"", "[]", "{", "{}", "}", "{\"type\":\"leave\"", "\xFF\xFE",
        "{\"type\":\"leave\",\"id\":1}x", "{\"type\":1,\"id\":1}", "{\"type\":\"leave\"}",
        "{\"type\":\"leave\",\"id\":-1}", "{\"type\":\"leave\",\"id\":1.5}",
        "{\"type\":\"leave\",\"id\":1e300}", "{\"type\":\"leave\",\"id\":\"1\"}",
        "{\"type\":\"le\xC3\",\"id\":1}"}) {
    EXPECT_EQ(CodeOf(text), 20001) << text;
  }
}

TEST(ParseRequest, EveryTruncationIsRefused) {
  const std::string text = JoinMessage().dump();
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_EQ(CodeOf(text.substr(0, length)), 20001) << length;
  }
}

TEST(ParseRequest, DepthAndSizeAreBounded) {
  EXPECT_EQ(CodeOf(std::string(60'000, '[')), 20001);
  EXPECT_EQ(
      CodeOf(R"({"type":"leave","id":1,"x":)" + std::string(9, '[') + std::string(9, ']') + "}"),
      20001);
  EXPECT_EQ(CodeOf(R"({"type":"leave","id":1,"x":"[[[[[[[[[[[[[[[[\"[[[[["})"), 0)
      << "brackets in strings nest nothing";
  EXPECT_EQ(CodeOf(R"({"type":"leave","id":1,"x":")" + std::string(65'536, 'x') + "\"}"), 20013);
}

TEST(Messages, AnErrorCarriesTheIdOnlyWhenThereIsOne) {
  EXPECT_EQ(json::parse(ErrorMessage({7, 20007, "no"})),
            json({{"type", "error"}, {"id", 7}, {"code", 20007}, {"message", "no"}}));
  EXPECT_EQ(json::parse(ErrorMessage({std::nullopt, 20001, "no"})),
            json({{"type", "error"}, {"code", 20001}, {"message", "no"}}));
}

TEST(Messages, JoinedListsUsersAndTheirStreams) {
  const StreamInfo stream{.stream_id = "s1", .kind = MediaKind::kVideo, .codec = Codec::kVp8};
  EXPECT_EQ(json::parse(JoinedAnswer(1, "abc", 5, {{"ann", {stream}}, {"bob", {}}})),
            json::parse(R"({"type":"ok","id":1,"sessionId":"abc","serverTimeMs":5,"users":[
              {"userId":"ann","streams":[
                {"streamId":"s1","kind":"video","source":"main","codec":"vp8","muted":false}]},
              {"userId":"bob","streams":[]}]})"));
}

TEST(Messages, NotificationsAreAsDocumented) {
  const StreamInfo stream{.stream_id = "s2", .source = MediaSource::kSub, .muted = true};
  EXPECT_EQ(json::parse(StreamUpdated("ann", stream)),
            json::parse(R"({"type":"stream-updated","userId":"ann","stream":
              {"streamId":"s2","kind":"audio","source":"sub","codec":"opus","muted":true}})"));
  EXPECT_EQ(json::parse(UserLeft("ann", LeaveReason::kKicked)),
            json::parse(R"({"type":"user-left","userId":"ann","reason":2})"));
  EXPECT_EQ(json::parse(Kicked("kick")), json::parse(R"({"type":"kicked","reason":"kick"})"));
  EXPECT_EQ(json::parse(PongAnswer(4, 12.5, 99)),
            json::parse(R"({"type":"ok","id":4,"timeMs":12.5,"serverTimeMs":99})"));
}

}  // namespace
}  // namespace ferry::gateway
