// Sessions and rooms together, in virtual time.
#include "gateway/session/session.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/app/app_store.h"
#include "gateway/auth/usersig.h"
#include "gateway/testing/fakes.h"
#include "gateway/testing/media.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;
using testing::FakeClock;
using testing::FakeConnection;

constexpr uint32_t kApp = 1'400'000'000;
constexpr const char* kSecret = "a secret of the tests";

class SessionTest : public ::testing::Test {
 protected:
  // A client: its connection and session.
  struct Client {
    explicit Client(SessionTest& owner)
        : test(owner), session(std::make_unique<Session>(owner.context, connection)) {}

    int Send(json message) {
      const int id = next_id++;
      message["id"] = id;
      session->OnControl(message.dump());
      connection.Drain(*session);
      return id;
    }
    // The answer to a request.
    json Ask(const json& message) {
      const int id = Send(message);
      for (const auto& answer : connection.messages) {
        if (answer.value("id", -1) == id) return answer;
      }
      return nullptr;
    }
    json Join(const std::string& user, const json& more = json::object()) {
      json message = test.JoinMessage(user);
      message.update(more);
      return Ask(message);
    }
    json Publish(const char* kind, const char* source = "main") {
      const bool audio = std::string(kind) == "audio";
      return Ask({{"type", "publish"},
                  {"kind", kind},
                  {"source", source},
                  {"codec", audio ? "opus" : "vp8"},
                  {"muted", false}});
    }
    json Subscribe(const json& stream_id) {
      return Ask({{"type", "subscribe"}, {"streamId", stream_id}});
    }
    // Notifications since the last call, as compact text.
    std::vector<std::string> Heard() {
      connection.Drain(*session);
      std::vector<std::string> out;
      for (; heard < connection.messages.size(); ++heard) {
        const auto& message = connection.messages[heard];
        if (message.contains("id")) continue;
        std::string text = message["type"];
        for (const char* name : {"userId", "streamId", "reason", "code"}) {
          if (message.contains(name)) text += " " + Plain(message[name]);
        }
        if (message.contains("stream")) text += " " + Plain(message["stream"]["streamId"]);
        out.push_back(text);
      }
      return out;
    }
    static std::string Plain(const json& value) {
      return value.is_string() ? value.get<std::string>() : value.dump();
    }
    void Hangup(bool clean) {
      session->OnClosed({clean, "test"});
      session.reset();
    }

    SessionTest& test;
    FakeConnection connection;
    std::unique_ptr<Session> session;
    int next_id = 1;
    size_t heard = 0;
  };

  json JoinMessage(const std::string& user) {
    return {{"type", "join"},
            {"version", 1},
            {"sdkAppId", kApp},
            {"userId", user},
            {"userSig", SignUserSig(kApp, kSecret, user, clock.UnixMs() / 1000, 3600)},
            {"room", {{"kind", "number"}, {"id", 8888}}},
            {"scene", "rtc"},
            {"role", "anchor"}};
  }
  Client& Connect() { return *clients.emplace_back(std::make_unique<Client>(*this)); }
  Client& Joined(const std::string& user, const json& more = json::object()) {
    Client& client = Connect();
    EXPECT_EQ(client.Join(user, more)["type"], "ok");
    return client;
  }
  void Advance(Duration duration) {
    clock.Advance(duration);
    for (Session* session : sessions) session->Tick(clock.Now());
  }
  using Texts = std::vector<std::string>;

  FakeClock clock;
  AppStore apps{{{kApp, "test", kSecret}}};
  SessionLimits limits;
  RoomRegistry::Limits room_limits{
      .max_users = 11, .room = {.max_rtc_users = 3, .max_live_users = 10, .max_publishers = 2}};
  RoomRegistry rooms{room_limits};
  PacketPool pool;
  Metrics metrics;
  std::ostringstream log_text;
  spdlog::logger log{"test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_text)};
  std::mt19937_64 random{1};
  std::set<Session*> sessions;
  bool draining = false;
  SessionContext context{clock,   apps, limits, rooms,    pool,
                         metrics, log,  random, sessions, draining};
  std::vector<std::unique_ptr<Client>> clients;
};

TEST_F(SessionTest, EnteringMakesARoomAndLeavingEndsIt) {
  Client& ann = Connect();
  const json joined = ann.Join("ann");
  EXPECT_EQ(joined["type"], "ok");
  EXPECT_EQ(joined["users"], json::array());
  EXPECT_EQ(joined["serverTimeMs"], clock.UnixMs());
  EXPECT_FALSE(joined["sessionId"].get<std::string>().empty());
  EXPECT_EQ(rooms.room_count(), 1u);
  EXPECT_EQ(ann.Ask({{"type", "leave"}})["type"], "ok");
  EXPECT_EQ(ann.connection.closed_with, 1000);
  EXPECT_EQ(rooms.room_count(), 0u);
  EXPECT_EQ(rooms.user_count(), 0u);
}

TEST_F(SessionTest, OthersHearOfEnteringPublishingMutingAndLeavingInOrder) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const json published = bob.Publish("video");
  EXPECT_EQ(published["streamId"], "s1");
  bob.Ask({{"type", "update-stream"}, {"streamId", "s1"}, {"muted", true}});
  bob.Publish("audio");
  bob.Ask({{"type", "unpublish"}, {"streamId", "s1"}});
  bob.Hangup(true);
  EXPECT_EQ(ann.Heard(), (Texts{"user-entered bob", "stream-added bob s1", "stream-updated bob s1",
                                "stream-added bob s2", "stream-removed bob s1",
                                "stream-removed bob s2", "user-left bob 0"}));
}

TEST_F(SessionTest, ANewcomerIsToldWhoIsThereAndWhatTheyPublish) {
  Client& ann = Joined("ann");
  ann.Publish("audio");
  const json joined = Connect().Join("bob");
  EXPECT_EQ(joined["users"], json::parse(R"([{"userId":"ann","streams":[
    {"streamId":"s1","kind":"audio","source":"main","codec":"opus","muted":false}]}])"));
}

TEST_F(SessionTest, ALostConnectionIsATimeoutToTheOthers) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  bob.Hangup(false);
  EXPECT_EQ(ann.Heard().back(), "user-left bob 1");
}

TEST_F(SessionTest, NumbersAndStringsAreDifferentRooms) {
  Joined("ann");
  Joined("bob", {{"room", {{"kind", "string"}, {"id", "8888"}}}});
  EXPECT_EQ(rooms.room_count(), 2u);
}

TEST_F(SessionTest, TheSameUserEnteringAgainReplacesTheFirst) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  bob.Publish("audio");
  Client& again = Joined("bob");
  EXPECT_EQ(bob.connection.closed_with, 4001);
  EXPECT_EQ(bob.Heard().back(), "kicked kick");
  EXPECT_EQ(ann.Heard(), (Texts{"user-entered bob", "stream-added bob s1", "stream-removed bob s1",
                                "user-left bob 2", "user-entered bob"}));
  // The end of the replaced connection takes nobody out.
  bob.Hangup(true);
  EXPECT_EQ(ann.Heard(), Texts{});
  EXPECT_EQ(again.Publish("audio")["type"], "ok");
}

TEST_F(SessionTest, TheSameUserInAnotherRoomIsReplacedToo) {
  Client& first = Joined("ann");
  Joined("ann", {{"room", {{"kind", "number"}, {"id", 2}}}});
  EXPECT_EQ(first.connection.closed_with, 4001);
  EXPECT_EQ(rooms.room_count(), 1u);
}

TEST_F(SessionTest, AFullRoomRefuses) {
  for (const char* user : {"a", "b", "c"}) Joined(user);
  Client& late = Connect();
  EXPECT_EQ(late.Join("d")["code"], 20005);
  EXPECT_EQ(late.connection.closed_with, 4006);
  EXPECT_EQ(Connect().Join("a")["type"], "ok") << "replacing needs no place";
}

TEST_F(SessionTest, WhoIsRefusedByAFullRoomStaysInTheFormer) {
  for (const char* user : {"a", "b", "c"}) Joined(user);
  Client& ann = Joined("ann", {{"room", {{"kind", "number"}, {"id", 2}}}});
  EXPECT_EQ(Connect().Join("ann")["code"], 20005);
  EXPECT_EQ(ann.connection.closed_with, 0);
  EXPECT_EQ(ann.Publish("audio")["type"], "ok");
}

TEST_F(SessionTest, AFullGatewayRefuses) {
  for (int i = 0; i < 11; ++i) {
    Joined("user" + std::to_string(i), {{"room", {{"kind", "number"}, {"id", 1 + i}}}});
  }
  Client& late = Connect();
  EXPECT_EQ(late.Join("late")["code"], 20006);
  EXPECT_EQ(late.connection.closed_with, 4006);
  EXPECT_EQ(Connect().Join("user0")["type"], "ok") << "replacing needs no place";
}

TEST_F(SessionTest, PublishersOfARoomAreLimited) {
  Client& a = Joined("a");
  Client& b = Joined("b");
  Client& c = Joined("c");
  EXPECT_EQ(a.Publish("audio")["type"], "ok");
  EXPECT_EQ(b.Publish("audio")["type"], "ok");
  EXPECT_EQ(c.Publish("audio")["code"], 20014);
  EXPECT_EQ(a.Publish("video")["type"], "ok") << "a publisher already";
}

TEST_F(SessionTest, TheAudienceIsNotAnnouncedAndDoesNotPublish) {
  const json live = {{"scene", "live"}};
  Client& anchor = Joined("anchor", live);
  Client& viewer = Joined("viewer", {{"scene", "live"}, {"role", "audience"}});
  EXPECT_EQ(anchor.Heard(), Texts{});
  EXPECT_EQ(viewer.Publish("video")["code"], 20015);
  anchor.Publish("video");
  EXPECT_EQ(viewer.Heard(), (Texts{"stream-added anchor s1"}));
  EXPECT_EQ(viewer.Subscribe("s1")["type"], "ok");
  EXPECT_EQ(Connect().Join("late", live)["users"].size(), 1u);
  viewer.Hangup(true);
  EXPECT_EQ(anchor.Heard(), (Texts{"user-entered late"}));
}

TEST_F(SessionTest, RequestsOutOfPlaceAreRefused) {
  Client& ann = Connect();
  EXPECT_EQ(ann.Ask({{"type", "leave"}})["code"], 20003);
  EXPECT_EQ(ann.Publish("audio")["code"], 20003);
  EXPECT_EQ(ann.Subscribe("s1")["code"], 20003);
  EXPECT_EQ(ann.Join("ann")["type"], "ok");
  EXPECT_EQ(ann.Join("ann")["code"], 20004);
  EXPECT_EQ(ann.Publish("audio")["type"], "ok");
  EXPECT_EQ(ann.Publish("audio")["code"], 20008);
  EXPECT_EQ(ann.Publish("audio", "sub")["type"], "ok");
  EXPECT_EQ(ann.Subscribe("s1")["code"], 20007) << "one's own stream";
  EXPECT_EQ(ann.Subscribe("s99")["code"], 20007);
  EXPECT_EQ(ann.Ask({{"type", "unsubscribe"}, {"streamId", "s1"}})["code"], 20007);
  EXPECT_EQ(ann.Ask({{"type", "unpublish"}, {"streamId", "s99"}})["code"], 20007);
  EXPECT_EQ(ann.Ask({{"type", "update-stream"}, {"streamId", "s99"}, {"muted", true}})["code"],
            20007);
  EXPECT_EQ(ann.connection.closed_with, 0);
}

TEST_F(SessionTest, NobodyTouchesTheStreamsOfOthers) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  ann.Publish("audio");
  EXPECT_EQ(bob.Ask({{"type", "unpublish"}, {"streamId", "s1"}})["code"], 20007);
  EXPECT_EQ(bob.Ask({{"type", "update-stream"}, {"streamId", "s1"}, {"muted", true}})["code"],
            20007);
}

TEST_F(SessionTest, BadSignaturesAreRefusedWithTheirCode) {
  const auto code = [&](const json& more) {
    Client& client = Connect();
    const json answer = client.Join("ann", more);
    EXPECT_EQ(client.connection.closed_with, 4006);
    return answer["code"].get<int>();
  };
  const int64_t now = clock.UnixMs() / 1000;
  EXPECT_EQ(code({{"userSig", ""}}), 70002);
  EXPECT_EQ(code({{"userSig", "rubbish"}}), 70003);
  EXPECT_EQ(code({{"userSig", SignUserSig(kApp, kSecret, "ann", now - 3600, 3000)}}), 70001);
  EXPECT_EQ(code({{"userSig", SignUserSig(kApp, "another", "ann", now, 3600)}}), 70009);
  EXPECT_EQ(code({{"userSig", SignUserSig(kApp, kSecret, "bob", now, 3600)}}), 70013);
  EXPECT_EQ(code({{"userSig", SignUserSig(kApp + 1, kSecret, "ann", now, 3600)}}), 70014);
  EXPECT_EQ(code({{"sdkAppId", kApp + 1}}), 70020);
  EXPECT_EQ(code({{"userId", ""}}), -3319);
  EXPECT_EQ(code({{"version", 9}}), 20010);
  EXPECT_EQ(rooms.room_count(), 0u);
}

TEST_F(SessionTest, NamesForgeNoFieldsOfTheLog) {
  Joined(R"(Jürgen" room=7 x=")", {{"client", R"(a\" users=0 y=")"}});
  EXPECT_NE(
      log_text.str().find(R"(user="Jürgen\" room=7 x=\"" client="a\\\" users=0 y=\"" users=1)"),
      std::string::npos)
      << log_text.str();
}

TEST_F(SessionTest, PingIsEchoed) {
  Client& ann = Joined("ann");
  const json pong = ann.Ask({{"type", "ping"}, {"timeMs", 1234.5}});
  EXPECT_EQ(pong["timeMs"], 1234.5);
  EXPECT_EQ(pong["serverTimeMs"], clock.UnixMs());
}

TEST_F(SessionTest, NoJoinInTimeEndsTheConnection) {
  Client& ann = Connect();
  Advance(limits.join_timeout);
  EXPECT_EQ(ann.connection.closed_with, 0);
  ann.Send({{"type", "ping"}, {"timeMs", 1}});
  Advance(Duration::Millis(1));
  EXPECT_EQ(ann.connection.closed_with, 4002) << "a ping is no join";
  EXPECT_EQ(ann.Heard().back(), "error 20012");
}

TEST_F(SessionTest, SilenceEndsTheConnectionAndPingsKeepIt) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  for (int i = 0; i < 10; ++i) {
    Advance(Duration::Millis(2000));
    ann.Send({{"type", "ping"}, {"timeMs", 1}});
  }
  EXPECT_EQ(ann.connection.closed_with, 0);
  EXPECT_EQ(bob.connection.closed_with, 4005);
  EXPECT_EQ(ann.Heard().back(), "user-left bob 1");
}

TEST_F(SessionTest, MalformedMessagesAreAnsweredAndTooManyEndTheConnection) {
  Client& ann = Joined("ann");
  for (int i = 0; i < limits.max_faults; ++i) {
    ann.session->OnControl("{]");
    ASSERT_EQ(ann.connection.closed_with, 0) << i;
  }
  EXPECT_EQ(ann.Heard().size(), static_cast<size_t>(limits.max_faults));
  ann.session->OnControl("{]");
  EXPECT_EQ(ann.connection.closed_with, 4003);
}

TEST_F(SessionTest, AFaultNowAndThenIsForgiven) {
  Client& ann = Joined("ann");
  for (int i = 0; i < 100; ++i) {
    ann.Send({{"type", "dance"}});
    Advance(Duration::Millis(1000));
  }
  EXPECT_EQ(ann.connection.closed_with, 0);
}

TEST_F(SessionTest, TooManyMessagesEndTheConnection) {
  Client& ann = Joined("ann");
  int sent = 0;
  while (ann.connection.closed_with == 0 && sent < 10'000) {
    ann.Send({{"type", "ping"}, {"timeMs", 1}});
    ++sent;
  }
  EXPECT_EQ(ann.connection.closed_with, 4003);
  EXPECT_LE(sent, limits.message_burst + limits.max_faults + 1);
}

TEST_F(SessionTest, MediaBeforeJoinIsAFault) {
  Client& ann = Connect();
  const auto packet = testing::Bytes({});
  ann.session->OnMedia(packet);
  EXPECT_EQ(ann.Heard(), (Texts{"error 20003"}));
  for (int i = 0; i < 100; ++i) ann.session->OnMedia(packet);
  EXPECT_EQ(ann.connection.closed_with, 4003);
}

TEST_F(SessionTest, OversizedMediaEndsTheConnection) {
  Client& ann = Joined("ann");
  ann.session->OnMedia(std::vector<uint8_t>(1201, 0x80));
  EXPECT_EQ(ann.Heard().back(), "error 20013");
  EXPECT_EQ(ann.connection.closed_with, 1009);
}

TEST_F(SessionTest, RandomBytesAsMediaHarmNobody) {
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

TEST_F(SessionTest, ForwardsMediaUnderTheSubscribersNumbers) {
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

TEST_F(SessionTest, AfterUnsubscribingNothingArrives) {
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

TEST_F(SessionTest, SubscribingTwiceIsTheSameSubscription) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  ann.Publish("audio");
  EXPECT_EQ(bob.Subscribe("s1")["ssrc"], bob.Subscribe("s1")["ssrc"]);
  EXPECT_EQ(metrics.subscriptions.value(), 1);
}

TEST_F(SessionTest, SubscriptionsAreLimited) {
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

TEST_F(SessionTest, SubscribingToVideoAsksThePublisherForAKeyframe) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("video")["ssrc"];
  bob.Subscribe("s1");
  ann.connection.Drain(*ann.session);
  const auto requests = RtcpOf<rtp::PictureLossIndication>(ann.connection);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].media_ssrc, in);
}

TEST_F(SessionTest, ASubscribersPictureLossAndNackReachTheirGoal) {
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

TEST_F(SessionTest, AFloodOfSenderReportsReachesNobodyAndLeavesRequestsAlone) {
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

TEST_F(SessionTest, PublishersGetFeedbackAndReports) {
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

TEST_F(SessionTest, APublisherBeyondItsRateIsThrottled) {
  limits.media.max_publish_packets_per_second = 100;
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("audio")["ssrc"];
  bob.Subscribe("s1");
  for (uint16_t i = 0; i < 1000; ++i) {
    ann.session->OnMedia(
        testing::Bytes({.ssrc = in, .sequence = i, .payload_type = rtp::kOpusPayloadType}));
  }
  EXPECT_EQ(metrics.packets_in.value(), 100);
  EXPECT_EQ(metrics.dropped[static_cast<size_t>(DropReason::kRate)].value(), 900);
  EXPECT_EQ(ann.connection.closed_with, 0);
}

TEST_F(SessionTest, AClientThatReadsNothingIsCutOffAndItsMemoryBounded) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("video")["ssrc"];
  bob.Subscribe("s1");
  OutgoingFrame frame;
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
    worst = std::max(worst, bob.session->queued_bytes());
  }
  EXPECT_EQ(bob.connection.closed_with, 4004);
  EXPECT_LT(worst, limits.media.queue.max_media_bytes + limits.media.queue.max_control_bytes);
  EXPECT_EQ(ann.connection.closed_with, 0);
}

TEST_F(SessionTest, ControlMessagesThatPileUpCutAClientOff) {
  limits.media.queue.max_control_bytes = 2000;
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  for (int i = 0; i < 100 && ann.connection.closed_with == 0; ++i) {
    bob.Publish("audio");
    bob.Ask({{"type", "unpublish"}, {"streamId", "s" + std::to_string(i + 1)}});
  }
  EXPECT_EQ(ann.connection.closed_with, 4004);
  EXPECT_EQ(bob.connection.closed_with, 0);
}

TEST_F(SessionTest, ShuttingDownTellsEverybodyAndRefusesNewcomers) {
  Client& ann = Joined("ann");
  Client& early = Connect();
  draining = true;
  for (Session* session : sessions) session->Shutdown();
  EXPECT_EQ(ann.Heard().back(), "closing the gateway is shutting down");
  EXPECT_EQ(ann.connection.closed_with, 1001);
  EXPECT_EQ(early.connection.closed_with, 1001);
  EXPECT_EQ(Connect().Join("bob")["code"], 20011);
  EXPECT_EQ(rooms.room_count(), 0u);
}

TEST_F(SessionTest, GaugesReturnToZero) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  ann.Publish("audio");
  ann.Publish("video");
  bob.Subscribe("s1");
  bob.Subscribe("s2");
  EXPECT_EQ(metrics.streams.value(), 2);
  EXPECT_EQ(metrics.subscriptions.value(), 2);
  EXPECT_EQ(metrics.participants.value(), 2);
  ann.Hangup(true);
  EXPECT_EQ(metrics.streams.value(), 0);
  EXPECT_EQ(metrics.subscriptions.value(), 0);
  bob.Hangup(false);
  EXPECT_EQ(metrics.participants.value(), 0);
  EXPECT_EQ(metrics.sessions.value(), 0);
  EXPECT_EQ(pool.in_use(), 0u);
}

}  // namespace
}  // namespace ferry::gateway
