#include "core/audio/packet_buffer.h"

#include <gtest/gtest.h>

namespace ferry {
namespace {

using InsertResult = PacketBuffer::InsertResult;

BufferedPacket Packet(int n) {
  return {.sequence_number = n, .timestamp = 960 * n, .samples = 960};
}

TEST(PacketBuffer, GivesPacketsInOrder) {
  PacketBuffer buffer(10);
  for (const int n : {3, 1, 2, 5}) EXPECT_EQ(buffer.Insert(Packet(n)), InsertResult::kInserted);
  EXPECT_EQ(buffer.samples(), 4 * 960);
  EXPECT_EQ(buffer.back().sequence_number, 5);
  for (const int n : {1, 2, 3, 5}) EXPECT_EQ(buffer.PopFront().sequence_number, n);
  EXPECT_TRUE(buffer.empty());
}

TEST(PacketBuffer, RefusesASecondPacketOfOneTimestamp) {
  PacketBuffer buffer(10);
  buffer.Insert(Packet(1));
  buffer.Insert(Packet(2));
  EXPECT_EQ(buffer.Insert(Packet(1)), InsertResult::kDuplicate);
  EXPECT_EQ(buffer.size(), 2u);
}

TEST(PacketBuffer, DropsTheOldestWhenFull) {
  PacketBuffer buffer(3);
  for (int n = 1; n <= 3; ++n) buffer.Insert(Packet(n));
  EXPECT_TRUE(buffer.full());
  EXPECT_EQ(buffer.Insert(Packet(4)), InsertResult::kInsertedDroppedOldest);
  EXPECT_EQ(buffer.front().sequence_number, 2);
  EXPECT_EQ(buffer.size(), 3u);
}

}  // namespace
}  // namespace ferry
