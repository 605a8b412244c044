// Sessions and rooms together: entering, control messages, leaving.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "gateway/session/session_connection.h"
#include "gateway/testing/bystander.h"
#include "gateway/testing/session_fixture.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;

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
  EXPECT_EQ(ann.Heard(), (Texts{"user-entered bob"})) << "he may come back";
  AdvanceAlive(limits.resume_timeout);
  EXPECT_EQ(ann.Heard(), (Texts{"user-left bob 1"}));
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

TEST_F(SessionTest, NobodyIsUnseenInAnRtcRoom) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob", {{"scene", "live"}, {"role", "audience"}});
  EXPECT_EQ(ann.Heard(), (Texts{"user-entered bob"}));
  EXPECT_EQ(bob.Publish("audio")["type"], "ok");
  EXPECT_EQ(Connect().Join("late")["users"].size(), 2u);
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

TEST_F(SessionTest, NobodyEntersASuspendedApplicationAndWhoIsThereStays) {
  Client& ann = Joined("ann");
  apps.policy.status = ApplicationStatus::kSuspended;
  Client& bob = Connect();
  EXPECT_EQ(bob.Join("bob")["code"], -100013);
  EXPECT_EQ(bob.connection.closed_with, 4006);
  EXPECT_EQ(ann.Publish("audio")["type"], "ok");
}

class PermissionTest : public SessionTest {
 protected:
  PermissionTest() { apps.policy.permission_control = true; }

  static std::string BigEndian(uint32_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> 8 * i));
    return out;
  }
  // A userSig with a ticket for room 8888.
  json Ticket(const std::string& user, uint32_t permissions, uint32_t room = 8888) {
    const int64_t now = clock.UnixMs() / 1000;
    const std::string ticket = BigEndian(0, 1) + BigEndian(static_cast<uint32_t>(user.size()), 2) +
                               user + BigEndian(kApp, 4) + BigEndian(room, 4) +
                               BigEndian(static_cast<uint32_t>(now) + 300, 4) +
                               BigEndian(permissions, 4) + BigEndian(0, 4);
    return {{"userSig", SignUserSig(kApp, kSecret, user, now, 3600, ticket)}};
  }
};

TEST_F(PermissionTest, WhoHasNoTicketForTheRoomDoesNotEnter) {
  Client& without = Connect();
  EXPECT_EQ(without.Join("ann")["code"], -100006);
  EXPECT_EQ(without.connection.closed_with, 4006);
  EXPECT_EQ(Connect().Join("ann", Ticket("ann", 255, 9999))["code"], -100006);
  EXPECT_EQ(Connect().Join("ann", Ticket("ann", 255 - 2))["code"], -100006);
  json of_another = Ticket("bob", 255);
  EXPECT_EQ(Connect().Join("ann", of_another)["code"], 70013);
  EXPECT_EQ(Connect().Join("ann", Ticket("ann", 255))["type"], "ok");
  apps.policy.permission_control = false;
  EXPECT_EQ(Connect().Join("bob")["type"], "ok") << "nobody is asked for one otherwise";
}

TEST_F(PermissionTest, ARoomIsCreatedOnlyByWhoMay) {
  EXPECT_EQ(Connect().Join("bob", Ticket("bob", 42))["code"], -100006);
  EXPECT_EQ(Connect().Join("ann", Ticket("ann", 255))["type"], "ok");
  EXPECT_EQ(Connect().Join("bob", Ticket("bob", 42))["type"], "ok");
}

TEST_F(PermissionTest, WhatIsPublishedAndSubscribedToNeedsItsPrivilege) {
  Client& ann = Joined("ann", Ticket("ann", 255 - 16));
  EXPECT_EQ(ann.Publish("audio")["type"], "ok");
  EXPECT_EQ(ann.Publish("video")["code"], -100006);
  EXPECT_EQ(ann.Publish("video", "sub")["type"], "ok");
  Client& bob = Joined("bob", Ticket("bob", 2 + 8));
  EXPECT_EQ(bob.Publish("audio")["code"], -100006) << "an anchor without the privilege";
  EXPECT_EQ(bob.Subscribe("s1")["type"], "ok");
  EXPECT_EQ(bob.Subscribe("s2")["code"], -100006);
}

TEST_F(SessionTest, NamesForgeNoFieldsOfTheLog) {
  Joined(R"(Jürgen" room=7 x=")", {{"client", R"(a\" users=0 y=")"}});
  EXPECT_NE(log_text.str().find(R"(user="Jürgen\" room=7 x=\"" client="a\\\" users=0 y=\"")"),
            std::string::npos)
      << log_text.str();
}

TEST_F(SessionTest, WordsOfACloseForgeNoFieldsOfTheLog) {
  Client& ann = Joined("ann");
  ann.session->OnClosed({true, 4008, "moved\nsession=x event=\"joined"});
  EXPECT_NE(log_text.str().find(R"(reason="moved\nsession=x event=\"joined")"), std::string::npos)
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
  Advance(SessionWorker::kDeadlineInterval);
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
  EXPECT_EQ(counts[0].Closed(net::CloseCode::kIdle).value(), 1);
  EXPECT_EQ(ann.Heard(), (Texts{"user-entered bob"})) << "the session outlives it";
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

TEST_F(SessionTest, WhoIsHiddenIsOutWhenTheOnlyUserEntersTheRoomAnew) {
  const RoomKey key{kApp, RoomId(8888u)};
  const ParticipantInfo hidden{.user_id = "recorder", .hidden = true};
  Joined("ann");
  std::array<testing::Bystander, 2> onlookers;
  for (testing::Bystander& onlooker : onlookers) {
    ASSERT_TRUE(control.Enter(onlooker, key, Scene::kRtc, hidden));
  }
  Client& again = Joined("ann");
  for (const testing::Bystander& onlooker : onlookers) {
    EXPECT_EQ(onlooker.evicted, EvictReason::kDisbanded) << "the room was another one";
  }
  EXPECT_EQ(rooms.room_count(), 1u);
  testing::Bystander once_more;
  ASSERT_TRUE(control.Enter(once_more, key, Scene::kRtc, hidden));
  again.Hangup(true);
  EXPECT_TRUE(once_more.evicted);
  EXPECT_EQ(rooms.room_count(), 0u);
}

TEST_F(SessionTest, AnApplicationHasItsQuotaOfUsersAndRooms) {
  apps.policy.quota = {.max_users = 2, .max_rooms = 1};
  const json elsewhere{{"room", {{"kind", "number"}, {"id", 1}}}};
  Client& ann = Joined("ann");
  EXPECT_EQ(Connect().Join("bob", elsewhere)["code"], 20020) << "a second room";
  Joined("bob");
  Client& cid = Connect();
  EXPECT_EQ(cid.Join("cid")["code"], 20020) << "a third user";
  EXPECT_EQ(cid.connection.closed_with, 4006);
  ann.Hangup(false);
  EXPECT_EQ(Connect().Join("cid")["code"], 20020) << "who may come back has his place";
  apps.policy.quota = {.max_users = 1};
  EXPECT_EQ(Connect().Resume(ann.token, 0)["type"], "ok") << "who is in stays";
  apps.policy.quota = {};
  EXPECT_EQ(Connect().Join("cid", elsewhere)["type"], "ok") << "at once";
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

class TalkativeAddressTest : public SessionTest {
 protected:
  TalkativeAddressTest()
      : SessionTest(1, kSmallRooms,
                    {.messages_per_second_per_address = 10, .message_burst_per_address = 100}) {}
};

TEST_F(TalkativeAddressTest, AllConnectionsOfAnAddressTogetherAreLimited) {
  Client& ann = Connect(0, "2001:db8::1");
  Client& bob = Connect(0, "2001:db8::2");
  Client& cid = Connect(0, "2001:db8:0:1::1");
  ann.Join("a");
  bob.Join("b");
  cid.Join("c");
  int answered = 0;
  for (int i = 0; i < 60; ++i) {
    for (Client* client : {&ann, &bob}) {
      answered += client->Ask({{"type", "ping"}, {"timeMs", 1}}).is_null() ? 0 : 1;
    }
  }
  EXPECT_LT(answered, 100);
  EXPECT_GT(answered, 80);
  EXPECT_EQ(counts[0].control_refused_address.value(), 120 - answered);
  EXPECT_EQ(ann.Heard().back(), "error 20017");
  EXPECT_EQ(bob.Heard(), (Texts{"user-entered c", "error 20017"})) << "once";
  EXPECT_EQ(cid.Ask({{"type", "ping"}, {"timeMs", 1}})["type"], "ok") << "another network";
  Advance(SessionConnection::kAddressRefusalInterval);
  EXPECT_EQ(bob.Ask({{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
  EXPECT_EQ(ann.connection.closed_with, 0) << "no fault, however often";
}

TEST_F(SessionTest, ControlMessagesThatAreNotAcknowledgedEndTheSession) {
  limits.log.max_bytes = 2000;
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  for (int i = 0; i < 100 && ann.connection.closed_with == 0; ++i) {
    ann.Send({{"type", "unsubscribe"}, {"streamId", "s99"}});
  }
  EXPECT_EQ(ann.connection.closed_with, 4004);
  EXPECT_EQ(bob.connection.closed_with, 0);
  EXPECT_EQ(bob.Heard().back(), "user-left ann 1");
  EXPECT_EQ(Total(&Metrics::control_log_overflows), 1);
}

TEST_F(SessionTest, DrainingTellsEverybodyAndRefusesNewcomers) {
  Client& ann = Joined("ann");
  Client& early = Connect();
  BeginDrain();
  EXPECT_EQ(ann.Heard().back(), "closing draining");
  EXPECT_EQ(ann.connection.messages.back()["reconnect"], true);
  EXPECT_EQ(ann.connection.closed_with, 0) << "until the deadline";
  EXPECT_EQ(ann.Publish("audio")["type"], "ok");
  EXPECT_EQ(early.Join("bob")["code"], 20011);
}

TEST_F(SessionTest, SessionsAreStillResumedWhileTheGatewayDrains) {
  Client& ann = Joined("ann");
  BeginDrain();
  ann.Hangup(false);
  EXPECT_EQ(Connect().Resume(ann.token, 0)["type"], "ok");
}

TEST_F(SessionTest, ShuttingDownEndsEverySession) {
  Client& ann = Joined("ann");
  Client& early = Connect();
  worker(0).sessions.Shutdown();
  Settle();
  EXPECT_EQ(ann.Heard().back(), "closing the gateway is shutting down");
  EXPECT_EQ(ann.connection.closed_with, 1001);
  EXPECT_EQ(early.connection.closed_with, 1001);
  EXPECT_EQ(rooms.room_count(), 0u);
}

TEST_F(SessionTest, GaugesReturnToZero) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  ann.Publish("audio");
  ann.Publish("video");
  bob.Subscribe("s1");
  bob.Subscribe("s2");
  EXPECT_EQ(counts[0].streams.value(), 2);
  EXPECT_EQ(counts[0].subscriptions.value(), 2);
  EXPECT_EQ(counts[0].websocket_connections.value(), 2);
  EXPECT_EQ(Total(&Metrics::participants), 2);
  ann.Hangup(true);
  EXPECT_EQ(counts[0].streams.value(), 0);
  EXPECT_EQ(counts[0].subscriptions.value(), 0);
  bob.Hangup(false);
  EXPECT_EQ(Total(&Metrics::sessions_in_grace), 1);
  Advance(limits.resume_timeout);
  EXPECT_EQ(Total(&Metrics::sessions_in_grace), 0);
  EXPECT_EQ(Total(&Metrics::participants), 0);
  EXPECT_EQ(Total(&Metrics::sessions), 0);
  EXPECT_EQ(counts[0].websocket_connections.value(), 0);
  EXPECT_EQ(worker(0).sfu.pool().in_use(), 0u);
}

}  // namespace
}  // namespace ferry::gateway
