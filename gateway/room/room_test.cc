// Who is told of whom, and when, by members whose logs have no room at times.
#include "gateway/room/room.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace ferry::gateway {
namespace {

using Texts = std::vector<std::string>;

class Member final : public Participant {
 public:
  Home home() const override { return {}; }
  void OnEvent(const SharedRoomEvent& event) override { heard_.push_back(Text(event->body())); }
  bool OnPresence(const SharedRoomEvent& event) override {
    if (takes) OnEvent(event);
    return takes;
  }
  void GiveUp() override { given_up = true; }
  void OnStreamEnded(StreamId) override {}
  void OnEvicted(EvictReason) override {}
  Texts Heard() { return std::exchange(heard_, {}); }

  bool takes = true;  // announcements
  bool given_up = false;

 private:
  static std::string Text(const RoomEvent::Body& event) {
    static constexpr const char* kNames[] = {"user-entered ", "user-left ", "stream-added ",
                                             "stream-updated ", "stream-removed "};
    return kNames[event.index()] + std::visit([](const auto& body) { return body.user_id; }, event);
  }

  Texts heard_;
};

class RoomTest : public ::testing::Test {
 protected:
  RoomTest() {
    Enter(ann, "ann");
    // As the answer to `join` does.
    EXPECT_EQ(room.Introduce(ann, TakeAll).size(), 0u);
  }

  static bool TakeAll(const UserInfo&) { return true; }
  void Enter(Member& member, const std::string& user) { room.Enter(member, {.user_id = user}); }
  void Leave(Member& member) { room.Leave(member, LeaveReason::kLeft); }
  void Publish(Member& member, MediaKind kind, MediaSource source = MediaSource::kMain) {
    Publication stream{.key = {1, ++keys}};
    stream.encodings.resize(1);
    ASSERT_TRUE(room.Publish(member, {.kind = kind, .source = source}, std::move(stream)));
  }
  Texts CaughtUp(size_t count) {
    room.CatchUp(ann, count);
    return ann.Heard();
  }

  static constexpr size_t kMaxDepartures = 10;

  Room room{
      {.sdk_app_id = 1, .id = RoomId(1u)}, 1, Scene::kLive, {.max_departures = kMaxDepartures}};
  uint64_t keys = 0;
  Member ann;  // is in the room
  Member bob;
  Member cid;
  Member dan;
};

TEST_F(RoomTest, WhoEntersWhileAMemberTakesNothingFollowsWithAllThatHappenedSince) {
  Enter(bob, "bob");
  EXPECT_EQ(ann.Heard(), (Texts{"user-entered bob"}));
  ann.takes = false;
  for (auto [member, user] : {std::pair(&cid, "cid"), std::pair(&dan, "dan")}) Enter(*member, user);
  Publish(bob, MediaKind::kAudio);
  Publish(cid, MediaKind::kAudio);
  Publish(cid, MediaKind::kVideo);
  EXPECT_EQ(ann.Heard(), (Texts{"stream-added bob"})) << "of whom it knows";
  EXPECT_FALSE(room.up_to_date(ann));
  ann.takes = true;
  Member eve;
  Enter(eve, "eve");
  EXPECT_EQ(ann.Heard(), Texts{}) << "each in its turn";
  EXPECT_EQ(CaughtUp(1), (Texts{"user-entered cid", "stream-added cid", "stream-added cid"}));
  Publish(dan, MediaKind::kAudio);
  Publish(cid, MediaKind::kAudio, MediaSource::kSub);
  EXPECT_EQ(ann.Heard(), (Texts{"stream-added cid"}));
  EXPECT_EQ(CaughtUp(9), (Texts{"user-entered dan", "stream-added dan", "user-entered eve"}));
  EXPECT_TRUE(room.up_to_date(ann));
}

TEST_F(RoomTest, WhoLeavesBeforeItWasToldOfIsNotMentioned) {
  ann.takes = false;
  Enter(bob, "bob");
  Enter(cid, "cid");
  Leave(cid);
  Leave(bob);
  EXPECT_EQ(CaughtUp(9), Texts{});
  EXPECT_TRUE(room.up_to_date(ann));
}

TEST_F(RoomTest, WhoLeavesWhileAMemberTakesNothingIsSaidToHaveLeftBeforeComingBack) {
  Enter(bob, "bob");
  Enter(cid, "cid");
  ann.Heard();
  ann.takes = false;
  Leave(bob);
  Enter(bob, "bob");
  ann.takes = true;
  Leave(cid);
  EXPECT_EQ(ann.Heard(), Texts{});
  EXPECT_EQ(CaughtUp(1), (Texts{"user-left bob"}));
  EXPECT_EQ(CaughtUp(1), (Texts{"user-left cid"}));
  EXPECT_FALSE(room.up_to_date(ann));
  EXPECT_EQ(CaughtUp(1), (Texts{"user-entered bob"}));
  EXPECT_TRUE(room.up_to_date(ann));
  Leave(bob);
  EXPECT_EQ(ann.Heard(), (Texts{"user-left bob"}));
}

TEST_F(RoomTest, ANewcomerHearsNothingOfWhoLeftBefore) {
  Enter(bob, "bob");
  ann.takes = false;
  Leave(bob);
  Enter(cid, "cid");
  EXPECT_EQ(room.Introduce(cid, TakeAll).size(), 1u);
  EXPECT_TRUE(room.up_to_date(cid));
  EXPECT_EQ(cid.Heard(), Texts{});
}

TEST_F(RoomTest, ThoseWhoLeftAreRememberedOnlyWhileSomebodyHasYetToBeTold) {
  std::deque<Member> crowd(kMaxDepartures);
  for (int turn = 0; turn < 2; ++turn) {
    for (Member& member : crowd) Enter(member, "somebody");
    ASSERT_EQ(ann.Heard().size(), crowd.size());
    ann.takes = false;
    for (Member& member : crowd) Leave(member);
    ann.takes = true;
    EXPECT_EQ(CaughtUp(100).size(), kMaxDepartures);
    EXPECT_TRUE(room.up_to_date(ann));
  }
  EXPECT_FALSE(ann.given_up);
}

TEST_F(RoomTest, WhoIsTooFarBehindIsGivenUpAndNobodyElse) {
  std::deque<Member> crowd(2 * kMaxDepartures);
  Enter(bob, "bob");
  room.Introduce(bob, TakeAll);
  for (Member& member : crowd) Enter(member, "somebody");
  bob.Heard();
  ann.takes = false;
  for (size_t i = 0; i < kMaxDepartures; ++i) Leave(crowd[i]);
  bob.takes = false;
  EXPECT_FALSE(ann.given_up);
  for (size_t i = kMaxDepartures; i < crowd.size(); ++i) Leave(crowd[i]);
  EXPECT_TRUE(ann.given_up);
  EXPECT_FALSE(bob.given_up);
  room.CatchUp(bob, 100);
  EXPECT_EQ(bob.Heard().size(), crowd.size());
  EXPECT_TRUE(room.up_to_date(bob));
}

TEST_F(RoomTest, WhoComesAndGoesUnknownToThoseBehindIsNotRememberedForThem) {
  Enter(bob, "bob");
  room.Introduce(bob, TakeAll);
  ann.Heard();
  ann.takes = false;
  for (size_t i = 0; i < 2 * kMaxDepartures; ++i) {
    Enter(cid, "cid");
    Leave(cid);
  }
  EXPECT_EQ(bob.Heard().size(), 4 * kMaxDepartures);
  EXPECT_FALSE(ann.given_up);
  EXPECT_EQ(CaughtUp(9), Texts{});
  EXPECT_TRUE(room.up_to_date(ann));
}

TEST_F(RoomTest, WhoIsHiddenSeesAndIsNotSeen) {
  room.Enter(bob, {.user_id = "bob", .hidden = true});
  EXPECT_EQ(ann.Heard(), Texts{});
  EXPECT_EQ(room.size(), 1u);
  EXPECT_EQ(room.Introduce(bob, TakeAll).size(), 1u);
  Publish(ann, MediaKind::kAudio);
  EXPECT_EQ(bob.Heard(), (Texts{"stream-added ann"}));
  EXPECT_TRUE(room.Find(bob, "s1"));
  const auto refused = room.Publish(bob, {.kind = MediaKind::kAudio}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, static_cast<int>(SignalingError::kNotAllowed));
  Enter(cid, "cid");
  EXPECT_EQ(room.Introduce(cid, TakeAll).size(), 1u) << "ann";
  ann.Heard();
  Leave(bob);
  EXPECT_EQ(ann.Heard(), Texts{});
  EXPECT_EQ(cid.Heard(), Texts{});
}

TEST_F(RoomTest, AnEventIsOneObjectForAllAndEncodedOnce) {
  static int encoded = 0;
  const SharedRoomEvent event = MakeRoomEvent(UserEntered{"ann"});
  const auto encode = [](const RoomEvent::Body& body) {
    ++encoded;
    return std::get<UserEntered>(body).user_id + "!";
  };
  EXPECT_EQ(encoded, 0);
  const std::string& text = event->Encoded(encode);
  EXPECT_EQ(text, "ann!");
  EXPECT_EQ(&event->Encoded(encode), &text);
  EXPECT_EQ(encoded, 1);
}

}  // namespace
}  // namespace ferry::gateway
