// Rooms with more users than the logs of their members hold, who may all come and go at once.
#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <string>

#include "gateway/testing/bystander.h"
#include "gateway/testing/session_fixture.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;

class LargeRoomTest : public SessionTest {
 protected:
  explicit LargeRoomTest(const RoomRegistry::Limits& allowed = {}) : SessionTest(1, allowed) {}

  Room& Enter(testing::Bystander& who, const std::string& user) {
    return **control.Enter(who, {kApp, RoomId(8888u)}, Scene::kLive, {.user_id = user});
  }
  void Publish(Room& room, testing::Bystander& who, MediaKind kind) {
    const ControlShard::Guard guard(shard());
    Publication stream{.key = control.NewStreamId()};
    stream.encodings.resize(1);
    ASSERT_TRUE(room.Publish(who, {.kind = kind}, std::move(stream)));
  }
  // All that there is to hear for a client that acknowledges it bit by bit.
  static Texts HeardToTheEnd(Client& client) {
    Texts heard;
    for (uint64_t last = 0; client.LastNumber() > last; client.Ack(last)) {
      last = client.LastNumber();
      for (std::string& text : client.Heard()) heard.push_back(std::move(text));
    }
    return heard;
  }
};

TEST_F(LargeRoomTest, ANewcomerIsToldOfMoreUsersThanItsLogHolds) {
  constexpr int kCrowd = 3000;
  const auto name = [](int i) { return std::string(120, 'x') + std::to_string(i); };
  std::deque<testing::Bystander> crowd(kCrowd);
  Room* room = nullptr;
  for (int i = 0; i < kCrowd; ++i) {
    room = &Enter(crowd[i], name(i));
    if (i >= kCrowd - 50) Publish(*room, crowd[i], MediaKind::kVideo);
  }
  Client& late = Connect();
  const json joined = late.Join("late", {{"scene", "live"}});
  ASSERT_EQ(joined["type"], "ok");
  std::set<std::string> told;
  for (const json& user : joined["users"]) told.insert(user["userId"]);
  EXPECT_LT(told.size(), 1000u);
  // What happens meanwhile: to who was told of, to who was not, and to who came later.
  testing::Bystander later;
  Enter(later, "later");
  Publish(*room, crowd[kCrowd - 1], MediaKind::kAudio);
  for (const int leaves : {0, kCrowd - 2}) {
    control.Leave(crowd[leaves], *room, name(leaves), LeaveReason::kLeft);
  }
  std::set<std::string> streams;
  bool left = false;
  bool came = false;
  for (const std::string& heard : HeardToTheEnd(late)) {
    const std::string kind = heard.substr(0, heard.find(' '));
    const std::string rest = heard.substr(kind.size() + 1);
    const std::string user = rest.substr(0, rest.find(' '));
    if (heard == "user-left " + name(0) + " 0") {
      left = true;
    } else if (heard == "user-entered later") {
      came = true;
    } else if (kind == "user-entered") {
      EXPECT_TRUE(told.insert(user).second) << heard;
    } else {
      ASSERT_EQ(kind, "stream-added") << heard;
      EXPECT_TRUE(told.contains(user)) << heard;
      EXPECT_TRUE(streams.insert(rest).second) << heard;
    }
  }
  EXPECT_TRUE(left && came);
  EXPECT_EQ(told.size(), kCrowd - 1u) << "but for the one who left before";
  EXPECT_EQ(streams.size(), 50u) << "one of them has left, another publishes two";
  EXPECT_EQ(late.connection.closed_with, 0);
  EXPECT_EQ(Total(&Metrics::control_log_overflows), 0);
}

TEST_F(LargeRoomTest, ACrowdThatEntersAndLeavesAtOnceIsToldOfBitByBit) {
  constexpr int kCrowd = 3000;
  const auto name = [](int i) { return "user" + std::to_string(i); };
  Client& ann = Joined("ann", {{"scene", "live"}});
  Client& bob = Joined("bob", {{"scene", "live"}});
  Room* room = nullptr;
  std::deque<testing::Bystander> crowd(kCrowd);
  for (int i = 0; i < kCrowd; ++i) room = &Enter(crowd[i], name(i));
  bob.Publish("video");
  Publish(*room, crowd[kCrowd - 1], MediaKind::kVideo);
  Texts expected{"user-entered bob"};
  for (int i = 0; i < kCrowd; ++i) expected.push_back("user-entered " + name(i));
  expected.push_back("stream-added user2999 s2");
  Texts heard = HeardToTheEnd(ann);
  EXPECT_EQ(std::erase(heard, "stream-added bob s1"), 1u) << "somewhere in between";
  EXPECT_EQ(heard, expected);

  for (int i = 0; i < kCrowd; ++i) {
    control.Leave(crowd[i], *room, name(i), LeaveReason::kTimedOut);
  }
  // Back again before it was told that he left.
  Enter(crowd[kCrowd - 1], name(kCrowd - 1));
  expected.clear();
  for (int i = 0; i < kCrowd; ++i) expected.push_back("user-left " + name(i) + " 1");
  expected.push_back("user-entered " + name(kCrowd - 1));
  heard = HeardToTheEnd(ann);
  EXPECT_EQ(std::erase(heard, "stream-removed user2999 s2"), 1u);
  EXPECT_EQ(heard, expected);
  EXPECT_EQ(ann.connection.closed_with, 0);
  EXPECT_EQ(Total(&Metrics::control_log_overflows), 0);
  // Who has acknowledged nothing so far is not told of those whom it missed.
  heard = HeardToTheEnd(bob);
  EXPECT_LT(heard.size(), size_t{kCrowd});
  EXPECT_EQ(heard.back(), "user-entered user2999");
  std::set<std::string> there;
  for (const std::string& text : heard) {
    const std::string user = text.substr(text.find(' ') + 1);
    if (text.starts_with("user-entered ")) {
      EXPECT_TRUE(there.insert(user).second) << text;
    } else {
      EXPECT_TRUE(text.starts_with("user-left ")) << text;
      EXPECT_EQ(there.erase(user.substr(0, user.find(' '))), 1u) << text;
    }
  }
  EXPECT_EQ(there, (std::set<std::string>{"user2999"}));
  EXPECT_EQ(bob.connection.closed_with, 0);
}

TEST_F(LargeRoomTest, WhoIsAwayWhileManyPassThroughIsToldOfWhoStayed) {
  Client& ann = Joined("ann", {{"scene", "live"}});
  ann.Hangup(false);
  testing::Bystander passer_by;
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "user" + std::to_string(i);
    Room& room = Enter(passer_by, name);
    control.Leave(passer_by, room, name, LeaveReason::kLeft);
  }
  testing::Bystander stays;
  Enter(stays, "stays");
  Client& again = Connect();
  ASSERT_EQ(again.Resume(ann.token, 0)["type"], "ok");
  const Texts heard = HeardToTheEnd(again);
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard.back(), "user-entered stays");
  EXPECT_LT(heard.size(), 2048u);
  EXPECT_EQ(heard.size() % 2, 1u) << "who was said to enter was said to leave";
}

TEST_F(LargeRoomTest, WhatAllOfALargeRoomAreToldOfCostsItsSenderMore) {
  constexpr size_t kListeners = 5 * ControlBudget::kListenersPerMessage;
  Client& ann = Joined("ann", {{"scene", "live"}});
  std::deque<testing::Bystander> crowd(kListeners);
  for (size_t i = 0; i < kListeners; ++i) Enter(crowd[i], "user" + std::to_string(i));
  Settle();
  HeardToTheEnd(ann);
  ann.Publish("audio");
  int toggled = 0;
  for (int i = 0; i < limits.message_burst; ++i) {
    const json answer =
        ann.Ask({{"type", "update-stream"}, {"streamId", "s1"}, {"muted", i % 2 == 0}});
    if (answer.is_null() || answer["type"] != "ok") break;
    ++toggled;
  }
  EXPECT_GT(toggled, limits.message_burst / 8);
  EXPECT_LT(toggled, limits.message_burst / 5);
  Advance(Duration::Millis(100));
  EXPECT_EQ(ann.Ask({{"type", "ping"}, {"timeMs", 1}})["type"], "ok") << "what nobody is told of";
}

class ForgetfulRoomTest : public LargeRoomTest {
 protected:
  ForgetfulRoomTest() : LargeRoomTest({.room = {.max_departures = 3}}) {
    limits.log = {.max_messages = 20};
  }
};

TEST_F(ForgetfulRoomTest, WhoNeverAcknowledgesWhileOthersLeaveIsClosed) {
  Client& ann = Joined("ann", {{"scene", "live"}});
  Client& bob = Joined("bob", {{"scene", "live"}});
  std::deque<testing::Bystander> crowd(13);
  Room* room = nullptr;
  const auto name = [](size_t i) { return "user" + std::to_string(i); };
  // Nine enter before the log of either is half full, of which ann says nothing.
  for (size_t i = 0; i < 9; ++i) room = &Enter(crowd[i], name(i));
  size_t gone = 0;
  const auto leave = [&] {
    control.Leave(crowd[gone], *room, name(gone), LeaveReason::kLeft);
    ++gone;
  };
  const auto acknowledge = [](Client& client) { client.Ack(client.LastNumber()); };
  while (gone < 3) leave();
  Settle();
  acknowledge(bob);
  EXPECT_EQ(ann.connection.closed_with, 0);
  while (gone < 8) leave();
  Settle();
  EXPECT_EQ(ann.connection.closed_with, 4004);
  EXPECT_EQ(Total(&Metrics::control_log_overflows), 1);
  EXPECT_EQ(bob.connection.closed_with, 0);
  Texts heard = HeardToTheEnd(bob);
  EXPECT_EQ(std::erase(heard, "user-left ann 1"), 1u);
}

TEST_F(LargeRoomTest, ACrowdWhoseTimeIsUpAtOnceIsToldOfNobodyInIt) {
  Client& ann = Joined("ann", {{"scene", "live"}});
  constexpr int kCrowd = 20;
  std::vector<std::shared_ptr<Session>> crowd;
  JoinRequest join{
      .sdk_app_id = kApp, .room = RoomId(8888u), .scene = Scene::kLive, .role = Role::kAnchor};
  for (int i = 0; i < kCrowd; ++i) {
    join.user_id = "user" + std::to_string(i);
    crowd.push_back(
        control.Join({.join = join, .request_id = 1, .budget = ControlBudget(limits)}, clock.Now())
            ->session);
    const ControlShard::Guard guard(shard());
    shard().Detach(*crowd.back(), clock.Now());
  }
  Settle();
  HeardToTheEnd(ann);
  AdvanceAlive(limits.resume_timeout);
  EXPECT_EQ(HeardToTheEnd(ann).size(), size_t{kCrowd}) << "who stays is told of all";
  const ControlShard::Guard guard(shard());
  for (const auto& session : crowd) {
    for (const ControlLog::Entry& entry : session->FetchLog(/*all=*/true)) {
      const std::string& text = entry.message.text();
      EXPECT_EQ(text.find("user-left"), std::string::npos) << text;
    }
  }
}

TEST_F(LargeRoomTest, WhomTheAnswerHasNoRoomForFollowsIt) {
  const std::string long_name(120, 'x');
  std::set<std::string> there;
  for (int i = 0; i < 299; ++i) {
    const std::string name = long_name + std::to_string(i);
    Client& client = Joined(name);
    there.insert(name);
    if (i >= 290) client.Publish("video");
  }
  Client& late = Connect();
  const json joined = late.Join("late");
  ASSERT_EQ(joined["type"], "ok");
  EXPECT_LE(joined.dump().size(), net::kMaxControlBytes);
  std::set<std::string> told;
  for (const json& user : joined["users"]) told.insert(user["userId"]);
  EXPECT_GT(told.size(), 200u);
  EXPECT_LT(told.size(), there.size());
  // Nothing is left out, nothing comes twice, and a stream comes after its user.
  size_t streams = 0;
  for (const std::string& heard : late.Heard()) {
    const std::string kind = heard.substr(0, heard.find(' '));
    const std::string user =
        heard.substr(kind.size() + 1, heard.find(' ', kind.size() + 1) - kind.size() - 1);
    if (kind == "user-entered") {
      EXPECT_TRUE(told.insert(user).second) << heard;
    } else {
      EXPECT_EQ(kind, "stream-added");
      EXPECT_TRUE(told.contains(user)) << heard;
      ++streams;
    }
  }
  EXPECT_EQ(told, there);
  EXPECT_EQ(streams, 9u);
  EXPECT_EQ(late.Numbers().front(), 1u);
  EXPECT_EQ(late.connection.closed_with, 0);
}

}  // namespace
}  // namespace ferry::gateway
