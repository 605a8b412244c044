#include "core/transport/packet_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>

namespace ferry::transport {
namespace {
using namespace literals;

rtp::RtpPacket Packet(uint16_t number, bool recovered = false) {
  static constexpr std::array<uint8_t, 988> kPayload{};
  rtp::RtpPacket packet = *rtp::RtpPacket::Make({.sequence_number = number}, {}, kPayload);
  packet.recovered = recovered;
  return packet;
}

TEST(PacketQueue, GivesPacketsInTheirOrderWhatIsSentAgainFirst) {
  PacketQueue queue;
  for (const uint16_t number : std::initializer_list<uint16_t>{5, 6}) queue.Push(Packet(number));
  for (const uint16_t number : std::initializer_list<uint16_t>{2, 3}) {
    queue.Push(Packet(number, /*recovered=*/true));
  }
  EXPECT_EQ(queue.Pop()->header.sequence_number, 2);
  queue.Push(Packet(4, /*recovered=*/true));
  for (const uint16_t number : std::initializer_list<uint16_t>{3, 4, 5}) {
    EXPECT_EQ(queue.Pop()->header.sequence_number, number);
  }
  queue.Push(Packet(1, /*recovered=*/true));
  EXPECT_EQ(queue.Pop()->header.sequence_number, 1);
  EXPECT_EQ(queue.Pop()->header.sequence_number, 6);
  EXPECT_FALSE(queue.Pop());
}

TEST(PacketQueue, TellsTheRateThatKeepsToTheLongestWaitUntilItIsEmpty) {
  PacketQueue queue;
  EXPECT_EQ(queue.drain_rate(), DataRate());
  for (uint16_t number = 0; number < 15; ++number) queue.Push(Packet(number));
  EXPECT_EQ(queue.drain_rate(), 800_kbps) << "15 000 bytes in 150 ms";
  while (!queue.empty()) {
    EXPECT_EQ(queue.drain_rate(), 800_kbps);
    queue.Pop();
  }
  EXPECT_EQ(queue.drain_rate(), DataRate());
}

TEST(PacketQueue, DropsTheOldestWhenItIsFull) {
  PacketQueue queue;
  for (size_t i = 0; i < PacketQueue::kMaxPackets + 3; ++i) queue.Push(Packet(uint16_t(i)));
  EXPECT_EQ(queue.dropped(), 3u);
  EXPECT_EQ(queue.Pop()->header.sequence_number, 3);
}

}  // namespace
}  // namespace ferry::transport
