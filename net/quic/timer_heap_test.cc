#include "net/quic/timer_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace ferry::net {
namespace {

TEST(TimerHeapTest, HasTheEarliestFirstThroughEveryChange) {
  std::mt19937 random(3);
  std::vector<TimerHeap::Entry> entries(50);
  TimerHeap heap;
  for (int i = 0; i < 5000; ++i) {
    TimerHeap::Entry& entry = entries[random() % entries.size()];
    if (random() % 4 == 0) {
      heap.Remove(entry);
    } else {
      heap.Set(entry, random() % 1000);
    }
    const auto earliest = std::ranges::min_element(
        entries, {}, [](const TimerHeap::Entry& e) { return e.deadline(); });
    if (earliest->deadline() == TimerHeap::kNever) {
      EXPECT_EQ(heap.first(), nullptr);
    } else {
      ASSERT_NE(heap.first(), nullptr);
      EXPECT_EQ(heap.first()->deadline(), earliest->deadline());
    }
  }
}

}  // namespace
}  // namespace ferry::net
