#include "core/transport/packet_history.h"

#include <gtest/gtest.h>

namespace ferry::transport {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(1000);

rtp::RtpPacket Packet(uint16_t sequence_number) {
  return *rtp::RtpPacket::Make({.sequence_number = sequence_number}, {}, {});
}

TEST(PacketHistory, GivesAPacketAgainButNotTooOften) {
  PacketHistory history;
  history.Put(Packet(7), kStart);
  EXPECT_EQ(history.Resend(7, 0_ms, kStart + 5_ms), nullptr) << "it may still be under way";
  EXPECT_EQ(history.Resend(7, 0_ms, kStart + 50_ms)->bytes, Packet(7).bytes);
  EXPECT_EQ(history.Resend(7, 0_ms, kStart + 55_ms), nullptr);
}

TEST(PacketHistory, DoesNotSendAgainWhatMayBeUnderWay) {
  PacketHistory history;
  history.Put(Packet(7), kStart);
  EXPECT_NE(history.Resend(7, 400_ms, kStart + 100_ms), nullptr) << "later ones have arrived";
  EXPECT_EQ(history.Resend(7, 400_ms, kStart + 400_ms), nullptr) << "the second may be under way";
  EXPECT_NE(history.Resend(7, 400_ms, kStart + 500_ms), nullptr);
  history.Put(Packet(7), kStart + 600_ms);
  EXPECT_NE(history.Resend(7, 400_ms, kStart + 620_ms), nullptr) << "another packet";
}

TEST(PacketHistory, ForgetsTheOldest) {
  PacketHistory history;
  history.Put(Packet(7), kStart);
  history.Put(Packet(7 + PacketHistory::kCapacity), kStart);
  EXPECT_EQ(history.Resend(7, 0_ms, kStart + 50_ms), nullptr);
  EXPECT_EQ(history.Resend(8, 0_ms, kStart + 50_ms), nullptr) << "never sent";
}

}  // namespace
}  // namespace ferry::transport
