#include "gateway/room/room_registry.h"

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>

namespace ferry::gateway {
namespace {

class Member final : public Participant {
 public:
  Member(RoomRegistry& rooms, std::string user, bool hidden = false)
      : rooms_(rooms), user_(std::move(user)), hidden_(hidden) {}

  // The code of the refusal, or 0.
  int Enter(uint32_t room) {
    const auto former = rooms_.Find({1, user_});
    const auto entry = rooms_.Enter(*this, {.sdk_app_id = 1, .id = RoomId(room)}, Scene::kRtc,
                                    {.user_id = user_, .hidden = hidden_}, former);
    if (!entry) return entry.error().code;
    room_ = *entry;
    return 0;
  }
  void Leave() { rooms_.Leave(*this, *std::exchange(room_, nullptr), user_, LeaveReason::kLeft); }
  bool inside() const { return room_ != nullptr; }

  Home home() const override { return {}; }
  void OnEvent(const SharedRoomEvent&) override {}
  bool OnPresence(const SharedRoomEvent&) override { return true; }
  void GiveUp() override {}
  void OnStreamEnded(StreamId) override {}
  void OnEvicted(EvictReason why) override {
    evicted = why;
    room_ = nullptr;
  }

  std::optional<EvictReason> evicted;

 private:
  RoomRegistry& rooms_;
  const std::string user_;
  const bool hidden_;
  Room* room_ = nullptr;
};

constexpr int kRoomFull = 20005;
constexpr int kGatewayFull = 20006;

TEST(RoomRegistry, RefusesUsersBeyondItsLimitInWhateverRoom) {
  RoomRegistry rooms({.max_users = 2});
  Member ann(rooms, "ann");
  Member bob(rooms, "bob");
  Member cid(rooms, "cid");
  EXPECT_EQ(ann.Enter(1), 0);
  EXPECT_EQ(bob.Enter(2), 0);
  EXPECT_EQ(cid.Enter(1), kGatewayFull);
  EXPECT_EQ(cid.Enter(3), kGatewayFull);
  bob.Leave();
  EXPECT_EQ(cid.Enter(3), 0);
}

TEST(RoomRegistry, RefusesRoomsBeyondItsLimitButNotUsersOfThoseItHas) {
  RoomRegistry rooms({.max_rooms = 1});
  Member ann(rooms, "ann");
  Member bob(rooms, "bob");
  EXPECT_EQ(ann.Enter(1), 0);
  EXPECT_EQ(bob.Enter(2), kGatewayFull);
  EXPECT_EQ(bob.Enter(1), 0);
}

TEST(RoomRegistry, ReplacingNeedsNoPlace) {
  RoomRegistry rooms({.max_users = 1, .max_rooms = 1, .room = {.max_rtc_users = 1}});
  Member first(rooms, "ann");
  Member second(rooms, "ann");
  Member third(rooms, "ann");
  EXPECT_EQ(first.Enter(1), 0);
  EXPECT_EQ(second.Enter(1), 0);
  EXPECT_FALSE(first.inside());
  EXPECT_EQ(third.Enter(2), 0) << "the only room ends as its only user leaves it";
  EXPECT_FALSE(second.inside());
  EXPECT_EQ(rooms.room_count(), 1u);
  EXPECT_EQ(rooms.user_count(), 1u);
}

TEST(RoomRegistry, WhoIsRefusedStaysInTheFormerRoom) {
  RoomRegistry rooms({.max_rooms = 2, .room = {.max_rtc_users = 2}});
  Member full_a(rooms, "a");
  Member full_b(rooms, "b");
  Member friend_of_ann(rooms, "c");
  Member ann(rooms, "ann");
  Member again(rooms, "ann");
  EXPECT_EQ(full_a.Enter(1), 0);
  EXPECT_EQ(full_b.Enter(1), 0);
  EXPECT_EQ(friend_of_ann.Enter(2), 0);
  EXPECT_EQ(ann.Enter(2), 0);
  EXPECT_EQ(again.Enter(1), kRoomFull);
  EXPECT_TRUE(ann.inside());
  EXPECT_EQ(again.Enter(3), kGatewayFull) << "the former room does not end";
  EXPECT_TRUE(ann.inside());
}

TEST(RoomRegistry, ATakenUserIsNotTakenTwice) {
  RoomRegistry rooms({.max_users = 2, .max_rooms = 2});
  Member first(rooms, "ann");
  Member second(rooms, "ann");
  const auto nowhere = rooms.Find({1, "ann"});
  EXPECT_EQ(first.Enter(1), 0);
  const RoomKey key{.sdk_app_id = 1, .id = RoomId(2u)};
  const auto late = rooms.Enter(second, key, Scene::kRtc, {.user_id = "ann"}, nowhere);
  ASSERT_TRUE(late);
  EXPECT_EQ(*late, nullptr) << "somebody else was faster";
  EXPECT_TRUE(first.inside());
  EXPECT_EQ(rooms.user_count(), 1u);
  EXPECT_EQ(rooms.room_count(), 1u);
  first.Leave();
  EXPECT_EQ(rooms.user_count(), 0u);
  EXPECT_EQ(rooms.room_count(), 0u);
}

TEST(RoomRegistry, WhoEntersTheRoomAgainThatEndsWithHimMakesItAnew) {
  RoomRegistry rooms({.max_rooms = 1});
  Member first(rooms, "ann");
  Member second(rooms, "ann");
  EXPECT_EQ(first.Enter(1), 0);
  EXPECT_EQ(second.Enter(1), 0);
  EXPECT_FALSE(first.inside());
  EXPECT_EQ(rooms.room_count(), 1u);
  second.Leave();
  EXPECT_EQ(rooms.room_count(), 0u);
}

TEST(RoomRegistry, WhoIsHiddenTakesNoPlaceAndReplacesNobody) {
  RoomRegistry rooms({.max_users = 1, .max_rooms = 1, .room = {.max_rtc_users = 1}});
  Member ann(rooms, "ann");
  Member recorder(rooms, "ann", /*hidden=*/true);
  EXPECT_EQ(recorder.Enter(1), 20003) << "there is no such room";
  EXPECT_EQ(ann.Enter(1), 0);
  EXPECT_EQ(recorder.Enter(1), 0);
  EXPECT_TRUE(ann.inside());
  EXPECT_EQ(rooms.user_count(), 1u);
  recorder.Leave();
  EXPECT_TRUE(ann.inside());
  EXPECT_EQ(rooms.user_count(), 1u);
}

TEST(RoomRegistry, WhoIsHiddenIsOutOfARoomThatIsMadeAnew) {
  RoomRegistry rooms({.max_rooms = 1});
  Member ann(rooms, "ann");
  Member recorder(rooms, "recorder", /*hidden=*/true);
  Member ann_again(rooms, "ann");
  EXPECT_EQ(ann.Enter(1), 0);
  EXPECT_EQ(recorder.Enter(1), 0);
  EXPECT_EQ(ann_again.Enter(1), 0);
  EXPECT_EQ(ann.evicted, EvictReason::kReplaced);
  EXPECT_EQ(recorder.evicted, EvictReason::kDisbanded) << "the room was another one";
  EXPECT_EQ(rooms.room_count(), 1u);
  EXPECT_EQ(recorder.Enter(1), 0);
  ann_again.Leave();
  EXPECT_FALSE(recorder.inside());
  EXPECT_EQ(rooms.room_count(), 0u);
}

TEST(RoomRegistry, ARoomEndsWithItsLastUserWhoeverIsHiddenInIt) {
  RoomRegistry rooms({.room = {.max_hidden = 3}});
  Member ann(rooms, "ann");
  EXPECT_EQ(ann.Enter(1), 0);
  std::deque<Member> recorders;
  for (int i = 0; i < 3; ++i) {
    recorders.emplace_back(rooms, "recorder" + std::to_string(i), /*hidden=*/true);
    EXPECT_EQ(recorders.back().Enter(1), 0);
  }
  Member one_more(rooms, "one more", /*hidden=*/true);
  EXPECT_EQ(one_more.Enter(1), kRoomFull);
  ann.Leave();
  for (const Member& recorder : recorders) {
    EXPECT_FALSE(recorder.inside());
    EXPECT_EQ(recorder.evicted, EvictReason::kDisbanded);
  }
  EXPECT_EQ(rooms.room_count(), 0u);
}

}  // namespace
}  // namespace ferry::gateway
