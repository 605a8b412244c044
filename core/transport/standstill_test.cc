#include "core/transport/standstill.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace ferry::transport {
namespace {
using namespace literals;

// A packet each 10 ms, and how late each one is.
class Packets {
 public:
  void Late(Duration delay) {
    sent_ += 10_ms;
    standstill.OnPacket(number_++, sent_, sent_ + delay);
  }
  void Lose() {
    sent_ += 10_ms;
    ++number_;
  }

  Standstill standstill;

 private:
  uint16_t number_ = UINT16_MAX - 1;
  Timestamp sent_ = Timestamp::Millis(1'000'000);
};

TEST(Standstill, IsWherePacketsAreLateAllAtOnce) {
  Packets packets;
  packets.Late(20_ms);
  packets.Late(69_ms);
  EXPECT_FALSE(packets.standstill.recent());
  packets.Late(20_ms);
  packets.Late(70_ms);
  EXPECT_TRUE(packets.standstill.recent());
  packets.Late(60_ms);
  packets.standstill.EndRound();
  for (int i = 0; i < Standstill::kRounds; ++i) {
    EXPECT_TRUE(packets.standstill.recent()) << i;
    packets.standstill.EndRound();
  }
  EXPECT_FALSE(packets.standstill.recent());
}

TEST(Standstill, IsNoQueueThatGrows) {
  Packets packets;
  for (int i = 0; i < 20; ++i) {
    packets.Late(40_ms * i);
    EXPECT_FALSE(packets.standstill.recent()) << i;
  }
}

TEST(Standstill, IsNoSlowLink) {
  Packets packets;
  packets.Late(20_ms);
  packets.Late(112_ms);
  EXPECT_TRUE(packets.standstill.recent()) << "one packet does not tell yet";
  for (int i = 2; i < 20; ++i) {
    packets.standstill.EndRound();
    packets.Late(20_ms + 92_ms * i);
    EXPECT_EQ(packets.standstill.recent(), i <= 1 + Standstill::kRounds) << i;
  }
}

TEST(Standstill, MayFollowAnother) {
  Packets packets;
  packets.Late(20_ms);
  packets.Late(120_ms);
  packets.Late(95_ms);
  const auto end_all_rounds_but_one = [&] {
    for (int i = 0; i < Standstill::kRounds; ++i) packets.standstill.EndRound();
  };
  end_all_rounds_but_one();
  packets.Late(155_ms);
  packets.standstill.EndRound();
  EXPECT_TRUE(packets.standstill.recent()) << "what the first had held up was coming";
  packets.Late(355_ms);
  end_all_rounds_but_one();
  EXPECT_TRUE(packets.standstill.recent()) << "too long for a packet's time";
}

TEST(Standstill, IsNotSeenAcrossALoss) {
  Packets packets;
  packets.Late(20_ms);
  packets.Lose();
  packets.Late(300_ms);
  EXPECT_FALSE(packets.standstill.recent());
  packets.Late(360_ms);
  EXPECT_TRUE(packets.standstill.recent());
}

TEST(Standstill, IgnoresPacketsThatWereOvertaken) {
  Standstill standstill;
  const Timestamp sent = Timestamp::Millis(1000);
  standstill.OnPacket(10, sent, sent + 20_ms);
  standstill.OnPacket(9, sent, sent + 200_ms);
  standstill.OnPacket(11, sent, sent + 20_ms);
  EXPECT_FALSE(standstill.recent());
}

}  // namespace
}  // namespace ferry::transport
