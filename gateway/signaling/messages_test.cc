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

// The code for a publish of video with these encodings.
int PublishWith(const char* encodings, const char* kind = "video", const char* codec = "vp8") {
  json message = {{"type", "publish"}, {"id", 1},        {"kind", kind},
                  {"source", "main"},  {"codec", codec}, {"muted", false}};
  message["encodings"] = json::parse(encodings);
  return CodeOf(message.dump());
}

TEST(ParseRequest, PublishWithTwoEncodings) {
  const auto request = ParseRequest(
      R"({"type":"publish","id":2,"kind":"video","source":"main","codec":"vp8","muted":false,
          "encodings":[{"width":1280,"height":720,"maxBitrateBps":1500000},
                       {"width":320,"height":180,"maxBitrateBps":150000}]})");
  ASSERT_TRUE(request) << request.error().message;
  const auto& encodings = std::get<PublishRequest>(request->body).encodings;
  ASSERT_EQ(encodings.size(), 2u);
  EXPECT_EQ(encodings[0].width, 1280);
  EXPECT_EQ(encodings[0].height, 720);
  EXPECT_EQ(encodings[0].max_bitrate_bps, 1'500'000u);
  EXPECT_EQ(encodings[1].width, 320);
}

TEST(ParseRequest, EncodingsAreOneOrTwoTheLargerFirstAndOfVideo) {
  const std::string one = R"({"width":320,"height":180,"maxBitrateBps":150000})";
  EXPECT_EQ(PublishWith(("[" + one + "]").c_str()), 0);
  EXPECT_EQ(PublishWith(("[" + one + "," + one + "]").c_str()), 0);
  EXPECT_EQ(PublishWith(("[" + one + "," + one + "," + one + "]").c_str()), 20001);
  EXPECT_EQ(PublishWith(("[" + one + R"(,{"width":640,"height":360,"maxBitrateBps":1}])").c_str()),
            20001);
  EXPECT_EQ(
      PublishWith(("[" + one + R"(,{"width":640,"height":360,"maxBitrateBps":50000}])").c_str()),
      20001);
  EXPECT_EQ(PublishWith(("[" + one + "]").c_str(), "audio", "opus"), 20001);
  for (const char* bad :
       {"[]", "{}", "7", "[7]", "[{}]", R"([{"width":0,"height":1,"maxBitrateBps":50000}])",
        R"([{"width":1,"height":1.5,"maxBitrateBps":50000}])",
        R"([{"width":1,"height":99999,"maxBitrateBps":50000}])",
        R"([{"width":1,"height":1,"maxBitrateBps":-1}])", R"([{"width":1,"height":1}])"}) {
    EXPECT_EQ(PublishWith(bad), 20001) << bad;
  }
}

TEST(ParseRequest, Resume) {
  const auto request =
      ParseRequest(R"({"type":"resume","id":9,"version":1,"token":"abc.def","ack":17})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->id, 9);
  const auto& resume = std::get<ResumeRequest>(request->body);
  EXPECT_EQ(resume.token, "abc.def");
  EXPECT_EQ(resume.ack, 17u);
}

TEST(ParseRequest, ResumeIsRefusedWhenAMemberIsWrong) {
  const auto with = [](const char* member, const json& value) {
    json message = {{"type", "resume"}, {"id", 9}, {"version", 1}, {"token", "t"}, {"ack", 0}};
    EXPECT_EQ(CodeOf(message.dump()), 0);
    message[member] = value;
    return CodeOf(message.dump());
  };
  EXPECT_EQ(with("version", 2), 20010);
  EXPECT_EQ(with("version", nullptr), 20001);
  EXPECT_EQ(with("token", ""), 20001);
  EXPECT_EQ(with("token", 7), 20001);
  EXPECT_EQ(with("token", std::string(256, 'x')), 0);
  EXPECT_EQ(with("token", std::string(257, 'x')), 20001);
  EXPECT_EQ(with("ack", -1), 20001);
  EXPECT_EQ(with("ack", 1.5), 20001);
  EXPECT_EQ(with("ack", "1"), 20001);
}

TEST(ParseRequest, AnAckNeedsNoId) {
  const auto ack = ParseRequest(R"({"type":"ack","seq":41})");
  ASSERT_TRUE(ack);
  EXPECT_EQ(std::get<AckRequest>(ack->body).seq, 41u);
  EXPECT_EQ(CodeOf(R"({"type":"ack"})"), 20001);
  EXPECT_EQ(CodeOf(R"({"type":"ack","seq":-1})"), 20001);
  EXPECT_EQ(CodeOf(R"({"type":"ack","seq":1e300})"), 20001);
}

TEST(ParseRequest, APingMayAcknowledge) {
  const auto ack = [](const char* text) {
    return std::get<PingRequest>(ParseRequest(text)->body).ack;
  };
  EXPECT_EQ(ack(R"({"type":"ping","id":1,"timeMs":1})"), std::nullopt);
  EXPECT_EQ(ack(R"({"type":"ping","id":1,"timeMs":1,"ack":5})"), 5u);
  EXPECT_EQ(CodeOf(R"({"type":"ping","id":1,"timeMs":1,"ack":"5"})"), 20001);
}

TEST(ParseRequest, ASubscriptionTellsWhatItWants) {
  const auto plain = ParseRequest(R"({"type":"subscribe","id":1,"streamId":"s1"})");
  ASSERT_TRUE(plain);
  EXPECT_EQ(std::get<SubscribeRequest>(plain->body).preference.AppliedTo({}), LayerPreference());
  const auto update = ParseRequest(
      R"({"type":"update-subscription","id":1,"streamId":"s1","layer":"small","width":320,
          "height":180,"paused":true})");
  ASSERT_TRUE(update);
  const auto& change = std::get<UpdateSubscriptionRequest>(update->body).preference;
  EXPECT_EQ(change.AppliedTo({}), (LayerPreference{LayerChoice::kSmall, 320, 180, true}));
}

TEST(ParseRequest, WhatAPreferenceDoesNotNameStaysAsItWas) {
  const LayerPreference before{LayerChoice::kBig, 320, 180, true};
  const auto update =
      ParseRequest(R"({"type":"update-subscription","id":1,"streamId":"s1","paused":false})");
  ASSERT_TRUE(update);
  EXPECT_EQ(std::get<UpdateSubscriptionRequest>(update->body).preference.AppliedTo(before),
            (LayerPreference{LayerChoice::kBig, 320, 180, false}));
}

TEST(ParseRequest, PreferencesOfUnknownValuesAreMalformed) {
  for (const char* type : {"subscribe", "update-subscription"}) {
    const auto with = [&](const char* member, const json& value) {
      json message = {{"type", type}, {"id", 1}, {"streamId", "s1"}, {"width", 1}, {"height", 1}};
      EXPECT_EQ(CodeOf(message.dump()), 0);
      message[member] = value;
      return CodeOf(message.dump());
    };
    EXPECT_EQ(with("layer", "huge"), 20001);
    EXPECT_EQ(with("layer", 1), 20001);
    EXPECT_EQ(with("width", nullptr), 20001) << "width and height belong together";
    EXPECT_EQ(with("height", -1), 20001);
    EXPECT_EQ(with("height", 16'385), 20001);
    EXPECT_EQ(with("paused", 1), 20001);
  }
}

TEST(ParseRequest, MissingMembersAreMalformed) {
  for (const char* type : {"publish", "update-stream", "unpublish", "subscribe",
                           "update-subscription", "unsubscribe", "ping", "resume"}) {
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

TEST(Messages, JoinedListsUsersAndTheirStreamsAndTellsHowToComeBack) {
  const Publication stream{
      .info = {.stream_id = "s1", .kind = MediaKind::kVideo, .codec = Codec::kVp8}};
  const std::vector<UserInfo> users = {{"ann", {stream}}, {"bob", {}}};
  EXPECT_EQ(json::parse(JoinedAnswer(1, "abc", 5, {"tok", 90'000},
                                     net::TransportKind::kWebTransport, users)),
            json::parse(R"({"type":"ok","id":1,"sessionId":"abc","serverTimeMs":5,
              "resumeToken":"tok","resumeTimeoutMs":90000,"transport":"webtransport","users":[
              {"userId":"ann","streams":[
                {"streamId":"s1","kind":"video","source":"main","codec":"vp8","muted":false}]},
              {"userId":"bob","streams":[]}]})"));
}

TEST(Messages, JoinedHasNoMoreUsersThanAFrameHolds) {
  // The longest there can be.
  const EncodingInfo encoding{.ssrc = 1, .width = 16'383, .height = 16'383};
  const Publication stream{.info = {.stream_id = "s18446744073709551615",
                                    .kind = MediaKind::kVideo,
                                    .codec = Codec::kOpus,
                                    .muted = false},
                           .encodings = {encoding, encoding}};
  const std::string name(kMaxUserIdBytes, '"');
  for (const size_t streams : {0, 1, 4}) {
    const UserInfo user{name, std::vector<Publication>(streams, stream)};
    std::vector<UserInfo> users;
    for (AnswerSpace space; space.Take(user);) users.push_back(user);
    const std::string answer =
        JoinedAnswer(INT64_MAX, std::string(16, 'f'), INT64_MAX, {std::string(256, 't'), INT64_MAX},
                     net::TransportKind::kWebTransport, users);
    EXPECT_LE(answer.size(), net::kMaxControlBytes);
    EXPECT_GT(answer.size(), net::kMaxControlBytes * 3 / 4) << streams;
  }
}

TEST(Messages, ResumedTellsTheLastRequestAndTheNextToken) {
  EXPECT_EQ(json::parse(ResumedAnswer(9, 4, {"next", 90'000})),
            json::parse(R"({"type":"ok","id":9,"lastId":4,"resumeToken":"next",
              "resumeTimeoutMs":90000})"));
}

TEST(Messages, AStreamOfTwoEncodingsTellsTheirSizesAndItsPublisherTheirSsrcs) {
  const Publication stream{
      .info = {.stream_id = "s1", .kind = MediaKind::kVideo, .codec = Codec::kVp8},
      .encodings = {{.ssrc = 5, .width = 1280, .height = 720, .max_bitrate_bps = 1'500'000},
                    {.ssrc = 6, .width = 320, .height = 180, .max_bitrate_bps = 150'000}}};
  EXPECT_EQ(json::parse(PublishedAnswer(3, stream)),
            json::parse(R"({"type":"ok","id":3,"streamId":"s1","ssrc":5,"ssrcs":[5,6]})"));
  EXPECT_EQ(json::parse(StreamAddedMessage("ann", stream))["stream"]["encodings"],
            json::parse(R"([{"width":1280,"height":720},{"width":320,"height":180}])"));
}

TEST(Messages, ASequenceNumberChangesNothingElse) {
  EXPECT_EQ(WithSequence(OkAnswer(3), 7), R"({"seq":7,"id":3,"type":"ok"})");
  json message = json::parse(WithSequence(UserEnteredMessage("ann"), uint64_t{1} << 40));
  EXPECT_EQ(message["seq"], uint64_t{1} << 40);
  message.erase("seq");
  EXPECT_EQ(message, json::parse(UserEnteredMessage("ann")));
}

TEST(Messages, NotificationsAreAsDocumented) {
  const Publication stream{.info = {.stream_id = "s2", .source = MediaSource::kSub, .muted = true}};
  EXPECT_EQ(json::parse(StreamUpdatedMessage("ann", stream)),
            json::parse(R"({"type":"stream-updated","userId":"ann","stream":
              {"streamId":"s2","kind":"audio","source":"sub","codec":"opus","muted":true}})"));
  EXPECT_EQ(json::parse(UserLeftMessage("ann", LeaveReason::kKicked)),
            json::parse(R"({"type":"user-left","userId":"ann","reason":2})"));
  EXPECT_EQ(json::parse(Kicked("kick")), json::parse(R"({"type":"kicked","reason":"kick"})"));
  EXPECT_EQ(json::parse(Closing("draining", true)),
            json::parse(R"({"type":"closing","reason":"draining","reconnect":true})"));
  EXPECT_EQ(json::parse(LayerChanged("s1", ForwardedLayer::kSmall)),
            json::parse(R"({"type":"layer-changed","streamId":"s1","layer":"small"})"));
  EXPECT_EQ(json::parse(PongAnswer(4, 12.5, 99)),
            json::parse(R"({"type":"ok","id":4,"timeMs":12.5,"serverTimeMs":99})"));
}

}  // namespace
}  // namespace ferry::gateway
