#include "core/fec/repair_packet.h"

#include <gmock/gmock.h>

#include <set>

namespace ferry::fec {
namespace {
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

const std::vector<uint8_t> kSum{0, 5, 1, 2, 3, 4, 5};

TEST(RepairPacket, PayloadsAreReadAsTheyWereWritten) {
  for (const std::vector<uint16_t>& numbers :
       {std::vector<uint16_t>{7}, {7, 8, 9}, {7, 134}, {0xFFFE, 0xFFFF, 3, 0x0070}}) {
    const auto bytes = WriteRepairPayload({.key = 0x1234, .numbers = numbers, .sum = kSum});
    EXPECT_LE(bytes.size(), kMaxRepairOverhead - 2 + kSum.size());
    const auto payload = ParseRepairPayload(bytes);
    ASSERT_TRUE(payload.has_value());
    EXPECT_EQ(payload->key, 0x1234);
    EXPECT_THAT(payload->numbers, ElementsAreArray(numbers));
    EXPECT_THAT(payload->sum, ElementsAreArray(kSum));
  }
}

TEST(RepairPacket, TheFormatOnTheWire) {
  EXPECT_THAT(WriteRepairPayload({.key = 0x0102, .numbers = {0x0A0B, 0x0A0D, 0x0A14}, .sum = kSum}),
              ElementsAre(1, 2, 0x0A, 0x0B, 2, 0xA0, 0x40, 0, 5, 1, 2, 3, 4, 5));
}

TEST(RepairPacket, WhatIsNoPayloadIsRefused) {
  const auto error = [](std::vector<uint8_t> bytes) {
    const auto payload = ParseRepairPayload(bytes);
    return payload ? std::nullopt : std::optional(payload.error().code);
  };
  EXPECT_EQ(error({}), ErrorCode::kTruncated);
  EXPECT_EQ(error({0, 1, 0, 2}), ErrorCode::kTruncated) << "no size of the mask";
  EXPECT_EQ(error({0, 1, 0, 2, 2, 0x80}), ErrorCode::kTruncated) << "half a mask";
  EXPECT_EQ(error({0, 1, 0, 2, 0, 0, 5, 1}), ErrorCode::kMalformed) << "no mask";
  EXPECT_EQ(error({0, 1, 0, 2, 1, 0x40, 0, 5, 1}), ErrorCode::kMalformed)
      << "the first is not protected";
  EXPECT_EQ(error({0, 1, 0, 2, 1, 0x80, 0, 5}), ErrorCode::kTruncated) << "a size and no bytes";
  std::vector<uint8_t> wide(5 + 17 + 3, 0xFF);
  wide[4] = 17;
  EXPECT_EQ(error(wide), ErrorCode::kMalformed) << "wider than kMaxSpan";
}

TEST(RepairPacket, CoefficientsAreSpreadOverAllButZero) {
  std::set<uint8_t> seen;
  for (uint16_t key = 0; key < 64; ++key) {
    for (uint16_t number = 0; number < 64; ++number) seen.insert(Coefficient(key, number));
  }
  EXPECT_EQ(seen.size(), 255u);
  EXPECT_FALSE(seen.contains(0));
  // As the other end derives them (docs/protocol.md §3).
  EXPECT_EQ(Coefficient(0, 0), 1);
  EXPECT_EQ(Coefficient(0x1234, 0x5678), 239);
}

TEST(RepairPacket, ASymbolGivesItsPacketBackWithoutItsNumber) {
  const std::vector<uint8_t> packet{1, 2, 3, 4, 5};
  const auto symbol = MakeSymbol(packet, 2);
  EXPECT_THAT(symbol, ElementsAre(0, 5, 1, 2, 0, 0, 5));
  std::vector<uint8_t> padded = symbol;
  padded.resize(20);
  EXPECT_THAT(PacketOf(padded), ElementsAre(1, 2, 0, 0, 5));
  padded[1] = 200;
  EXPECT_TRUE(PacketOf(padded).empty()) << "longer than the symbol";
}

}  // namespace
}  // namespace ferry::fec
