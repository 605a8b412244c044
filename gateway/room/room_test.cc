// Who is told of whom, and when, by members whose logs have no room at times.
#include "gateway/room/room.h"

#include <gtest/gtest.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ferry::gateway {
namespace {

using Texts = std::vector<std::string>;

class Member final : public RoomMember {
 public:
  void Notify(const SharedText& message) override {
    const auto json = nlohmann::json::parse(*message);
    heard_.push_back(json["type"].get<std::string>() + " " + json["userId"].get<std::string>());
  }
  bool Announce(const SharedText& message) override {
    if (takes) Notify(message);
    return takes;
  }
  void GiveUp() override { given_up = true; }
  void OnStreamRemoved(StreamId) override {}
  void Evict(std::string_view) override {}
  Texts Heard() { return std::exchange(heard_, {}); }

  bool takes = true;  // announcements
  bool given_up = false;

 private:
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
  void Enter(Member& member, const std::string& user) { room.Enter(member, user, Role::kAnchor); }
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

}  // namespace
}  // namespace ferry::gateway
