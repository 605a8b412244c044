#include "core/transport/packet_history.h"

#include <gtest/gtest.h>

#include <array>

namespace ferry::transport {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(1000);
constexpr std::array<uint8_t, 3> kPacket = {1, 2, 3};

TEST(PacketHistory, GivesAPacketAgainButNotTooOften) {
  PacketHistory history;
  history.Put(7, kPacket, kStart);
  EXPECT_TRUE(history.Resend(7, 0_ms, kStart + 5_ms).empty()) << "it may still be under way";
  EXPECT_EQ(history.Resend(7, 0_ms, kStart + 50_ms).size(), 3u);
  EXPECT_TRUE(history.Resend(7, 0_ms, kStart + 55_ms).empty());
}

TEST(PacketHistory, DoesNotSendAgainWhatMayBeUnderWay) {
  PacketHistory history;
  history.Put(7, kPacket, kStart);
  EXPECT_FALSE(history.Resend(7, 400_ms, kStart + 100_ms).empty()) << "later ones have arrived";
  EXPECT_TRUE(history.Resend(7, 400_ms, kStart + 400_ms).empty()) << "the second may be under way";
  EXPECT_FALSE(history.Resend(7, 400_ms, kStart + 500_ms).empty());
  history.Put(7, kPacket, kStart + 600_ms);
  EXPECT_FALSE(history.Resend(7, 400_ms, kStart + 620_ms).empty()) << "another packet";
}

TEST(PacketHistory, ForgetsTheOldest) {
  PacketHistory history;
  history.Put(7, kPacket, kStart);
  history.Put(static_cast<uint16_t>(7 + PacketHistory::kCapacity), kPacket, kStart);
  EXPECT_TRUE(history.Resend(7, 0_ms, kStart + 50_ms).empty());
  EXPECT_TRUE(history.Resend(8, 0_ms, kStart + 50_ms).empty()) << "never sent";
}

}  // namespace
}  // namespace ferry::transport
