#include "gateway/sfu/ring_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "gateway/sfu/spsc_ring.h"

namespace ferry::gateway {
namespace {

TEST(RingQueue, BehavesAsADequeWhateverIsDoneToIt) {
  RingQueue<std::unique_ptr<int>> ring;
  std::deque<int> model;
  std::mt19937 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto what = random() % 100;
    if (what < 55) {
      ring.push_back(std::make_unique<int>(i));
      model.push_back(i);
    } else if (what < 99) {
      ASSERT_EQ(ring.empty(), model.empty());
      if (model.empty()) continue;
      ASSERT_EQ(*ring.pop_front(), model.front());
      model.pop_front();
    } else {
      ring.EraseIf([](const auto& value) { return *value % 3 == 0; });
      std::erase_if(model, [](int value) { return value % 3 == 0; });
    }
    ASSERT_EQ(ring.size(), model.size());
  }
  for (size_t i = 0; i < model.size(); ++i) ASSERT_EQ(*ring[i], model[i]);
}

TEST(RingQueue, WhatIsErasedIsReleased) {
  RingQueue<std::shared_ptr<int>> ring;
  const auto value = std::make_shared<int>(1);
  for (int i = 0; i < 5; ++i) ring.push_back(value);
  ring.EraseIf([](const auto&) { return true; });
  EXPECT_EQ(value.use_count(), 1);
}

TEST(SpscRing, IsBoundedAndKeepsTheOrder) {
  SpscRing<int> ring(4);
  int value = 0;
  EXPECT_FALSE(ring.Pop(value));
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.Push(i));
    EXPECT_FALSE(ring.Push(4));
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(ring.Pop(value));
      EXPECT_EQ(value, i);
    }
  }
}

}  // namespace
}  // namespace ferry::gateway
