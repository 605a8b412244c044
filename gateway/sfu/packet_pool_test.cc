#include "gateway/sfu/packet_pool.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "gateway/testing/media.h"

namespace ferry::gateway {
namespace {

using testing::Bytes;
using testing::Make;

TEST(PacketPool, KeepsBytesAndFacts) {
  PacketPool pool;
  const testing::TestPacket source{
      .sequence = 7, .timestamp = 99, .marker = true, .keyframe = true, .payload_size = 50};
  const PacketRef packet = Make(pool, source);
  const auto bytes = Bytes(source);
  EXPECT_TRUE(std::ranges::equal(packet->bytes(), bytes));
  EXPECT_EQ(packet->sequence_number, 7);
  EXPECT_EQ(packet->timestamp, 99u);
  EXPECT_EQ(packet->payload_size, 50);
  EXPECT_TRUE(packet->marker);
  EXPECT_TRUE(packet->facts.starts_keyframe);
  EXPECT_GT(packet->transport_sequence_offset, 0);
}

TEST(PacketPool, ReusesWhatTheLastReferenceGaveBack) {
  PacketPool pool;
  PacketRef first = Make(pool, {});
  const MediaPacket* address = &*first;
  PacketRef second = first;
  first = PacketRef();
  EXPECT_EQ(pool.in_use(), 1u);
  second = PacketRef();
  EXPECT_EQ(pool.in_use(), 0u);
  EXPECT_EQ(&*Make(pool, {}), address);
}

TEST(PacketPool, KeepsABoundedNumberIdle) {
  PacketPool pool;
  {
    std::vector<PacketRef> packets;
    for (size_t i = 0; i < PacketPool::kMaxIdle + 100; ++i) packets.push_back(Make(pool, {}));
  }
  const PacketRef one = Make(pool, {});
  EXPECT_EQ(pool.idle(), PacketPool::kMaxIdle - 1);
}

TEST(PacketPool, ReferencesMayEndOnOtherThreads) {
  PacketPool pool;
  for (int round = 0; round < 50; ++round) {
    std::vector<PacketRef> packets;
    for (uint16_t i = 0; i < 100; ++i) packets.push_back(Make(pool, {.sequence = i}));
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([copies = packets] { EXPECT_EQ(copies[42]->sequence_number, 42); });
    }
    packets.clear();
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(pool.in_use(), 0u);
}

}  // namespace
}  // namespace ferry::gateway
