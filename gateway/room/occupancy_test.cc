#include "gateway/room/occupancy.h"

#include <gtest/gtest.h>

#include <string>

namespace ferry::gateway {
namespace {

constexpr int kGatewayFull = 20006;
constexpr int kQuotaExceeded = 20020;

int Code(const std::expected<void, Refusal>& taken) { return taken ? 0 : taken.error().code; }

TEST(Occupancy, AnApplicationHasItsQuotaAndNoMore) {
  Occupancy occupancy({.users = 5, .rooms = 5});
  const ApplicationQuota quota{.max_users = 2, .max_rooms = 1};
  EXPECT_EQ(Code(occupancy.TakeUser(1, quota)), 0);
  EXPECT_EQ(Code(occupancy.TakeUser(1, quota)), 0);
  const auto refused = occupancy.TakeUser(1, quota);
  EXPECT_EQ(Code(refused), kQuotaExceeded);
  EXPECT_EQ(refused.error().message, "join: the application has all of its quota (2 users)");
  EXPECT_EQ(Code(occupancy.TakeUser(2, quota)), 0) << "another one has its own";
  EXPECT_EQ(Code(occupancy.TakeRoom(1, quota, false)), 0);
  EXPECT_EQ(Code(occupancy.TakeRoom(1, quota, false)), kQuotaExceeded);
  EXPECT_EQ(Code(occupancy.TakeRoom(1, quota, /*one_ends=*/true)), 0);
  EXPECT_EQ(occupancy.users(), 3u) << "what was refused is not counted";
  EXPECT_EQ(occupancy.rooms(), 2u);
  occupancy.GiveBackUser(1);
  occupancy.GiveBackRoom(1);
  occupancy.GiveBackRoom(1);
  EXPECT_EQ(Code(occupancy.TakeUser(1, quota)), 0);
  EXPECT_EQ(Code(occupancy.TakeRoom(1, quota, false)), 0);
}

TEST(Occupancy, WithoutAQuotaThereIsWhatTheGatewayHas) {
  Occupancy occupancy({.users = 2, .rooms = 1});
  EXPECT_EQ(Code(occupancy.TakeUser(1, {})), 0);
  EXPECT_EQ(Code(occupancy.TakeUser(2, {})), 0);
  EXPECT_EQ(Code(occupancy.TakeUser(1, {})), kGatewayFull);
  EXPECT_EQ(Code(occupancy.TakeUser(3, {.max_users = 9})), kGatewayFull) << "it is none's own";
  EXPECT_EQ(Code(occupancy.TakeRoom(1, {}, false)), 0);
  EXPECT_EQ(Code(occupancy.TakeRoom(1, {}, false)), kGatewayFull);
  EXPECT_EQ(Code(occupancy.TakeRoom(1, {}, /*one_ends=*/true)), 0);
}

TEST(Occupancy, WhoIsInStaysWhereAQuotaBecomesLess) {
  Occupancy occupancy({.users = 9, .rooms = 9});
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Code(occupancy.TakeUser(1, {})), 0);
  EXPECT_EQ(Code(occupancy.TakeUser(1, {.max_users = 2})), kQuotaExceeded);
  occupancy.GiveBackUser(1);
  EXPECT_EQ(Code(occupancy.TakeUser(1, {.max_users = 2})), kQuotaExceeded);
  occupancy.GiveBackUser(1);
  EXPECT_EQ(Code(occupancy.TakeUser(1, {.max_users = 2})), 0);
}

}  // namespace
}  // namespace ferry::gateway
