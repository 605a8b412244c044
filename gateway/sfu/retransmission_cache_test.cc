#include "gateway/sfu/retransmission_cache.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "gateway/testing/media.h"

namespace ferry::gateway {
namespace {

class RetransmissionCacheTest : public ::testing::Test {
 protected:
  static constexpr size_t kPackets = 512;

  RetransmissionCache& Cache() { return caches.emplace_back(budget, kPackets); }
  void Put(RetransmissionCache& cache, uint16_t number, size_t sharers = 1) {
    cache.Put({.packet = testing::Make(pool, {}), .sequence_number = number}, sharers, now);
  }

  PacketPool pool;
  Metrics metrics;
  RetransmissionBudget budget{metrics, /*max_bytes=*/100'000};
  std::deque<RetransmissionCache> caches;
  Timestamp now = Timestamp::Millis(5000);
};

TEST_F(RetransmissionCacheTest, FindsWhatWasSentAcrossTheWrapAndOutOfOrder) {
  RetransmissionCache& cache = Cache();
  for (const int number : {65'533, 65'535, 0, 65'534, 3}) {
    Put(cache, static_cast<uint16_t>(number));
  }
  for (const int number : {65'533, 65'534, 65'535, 0, 3}) {
    ASSERT_NE(cache.Find(static_cast<uint16_t>(number)), nullptr) << number;
    EXPECT_EQ(cache.Find(static_cast<uint16_t>(number))->sequence_number, number);
  }
  for (const int number : {65'532, 1, 2, 4}) {
    EXPECT_EQ(cache.Find(static_cast<uint16_t>(number)), nullptr) << number;
  }
}

TEST_F(RetransmissionCacheTest, KeepsAsManyAsItMayHoweverFarTheirNumbersAreApart) {
  RetransmissionCache& cache = Cache();
  for (uint32_t i = 0; i < 3 * kPackets; ++i) {
    Put(cache, static_cast<uint16_t>(i * (i % 2 ? 1 : 3)), 1000);
  }
  EXPECT_LE(cache.packets(), kPackets);
  EXPECT_GT(cache.packets(), 0u);
}

TEST_F(RetransmissionCacheTest, WhatIsTooOldGoesThoughNothingFollowsIt) {
  RetransmissionCache& cache = Cache();
  for (uint16_t i = 0; i < 50; ++i) Put(cache, i);
  EXPECT_EQ(pool.in_use(), 50u);
  now += RetransmissionCache::kMaxAge + RetransmissionBudget::kSweepInterval;
  budget.Tick(now);
  EXPECT_EQ(pool.in_use(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
  EXPECT_EQ(budget.bytes(), 0u);
  EXPECT_EQ(metrics.retransmission_cache_evictions.value(), 0) << "age is no want of room";
}

TEST_F(RetransmissionCacheTest, WhoFillsTheBudgetPays) {
  RetransmissionCache& modest = Cache();
  RetransmissionCache& greedy = Cache();
  for (uint16_t i = 0; i < 10; ++i) Put(modest, i);
  for (uint16_t i = 0; i < 400; ++i) {
    Put(greedy, i);
    EXPECT_LE(budget.bytes(), 100'000u + sizeof(MediaPacket) + sizeof(RetransmissionCache::Entry));
  }
  EXPECT_EQ(modest.packets(), 10u);
  EXPECT_LT(greedy.packets(), 100u);
  EXPECT_NE(greedy.Find(399), nullptr) << "the oldest went";
  EXPECT_EQ(metrics.retransmission_cache_evictions.value(),
            static_cast<int64_t>(400 - greedy.packets()));
}

TEST_F(RetransmissionCacheTest, OneThatFilledTheBudgetAndStoppedMakesRoomAtTheNextTick) {
  RetransmissionCache& greedy = Cache();
  for (uint16_t i = 0; i < 400; ++i) Put(greedy, i);
  for (uint16_t i = 0; i < 60; ++i) Put(Cache(), i);
  budget.Tick(now + Duration::Millis(25));
  EXPECT_LE(budget.bytes(), 100'000u);
  for (size_t i = 1; i < caches.size(); ++i) EXPECT_EQ(caches[i].packets(), 1u);
}

TEST_F(RetransmissionCacheTest, ThoseWhoShareAPacketShareItsBytes) {
  for (uint16_t i = 0; i < 100; ++i) Put(Cache(), 7, 100);
  EXPECT_LT(budget.bytes(), sizeof(MediaPacket) + 100 * sizeof(RetransmissionCache::Entry) + 1);
  caches.clear();
  EXPECT_EQ(budget.bytes(), 0u);
}

}  // namespace
}  // namespace ferry::gateway
