#include "client/load/packet_stamp.h"

#include <gtest/gtest.h>

#include <vector>

namespace ferry::client {
namespace {

std::vector<uint8_t> Stamped(const PacketStamp& stamp, size_t size) {
  std::vector<uint8_t> bytes(size, 0x5A);
  WriteStamp(stamp, bytes);
  return bytes;
}

const PacketStamp kStamp = {.stream = 7,
                            .counter = 4'000'000'000,
                            .sent = Timestamp::Micros(1'790'000'000'000'001),
                            .frame = 9,
                            .index = 2,
                            .count = 3,
                            .moves = 65'535};

TEST(PacketStamp, ComesBackAsItWasWritten) {
  for (const size_t size : {kStampBytes, kStampBytes + 1, size_t{1100}}) {
    EXPECT_EQ(ReadStamp(Stamped(kStamp, size)), kStamp) << size;
  }
}

TEST(PacketStamp, TellsEveryDamagedByte) {
  const auto whole = Stamped(kStamp, 100);
  for (size_t i = 0; i < whole.size(); ++i) {
    auto damaged = whole;
    damaged[i] ^= 1;
    EXPECT_FALSE(ReadStamp(damaged)) << i;
  }
}

TEST(PacketStamp, TellsWhatWasCutShort) {
  const auto whole = Stamped(kStamp, 100);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ReadStamp(ByteSpan(whole).first(size))) << size;
  }
}

}  // namespace
}  // namespace ferry::client
