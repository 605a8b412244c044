#include "core/base/bytes.h"

#include <gtest/gtest.h>

#include <array>

namespace ferry {
namespace {

TEST(ByteReader, ReadsNetworkByteOrder) {
  const std::array<uint8_t, 10> bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.U8(), 1);
  EXPECT_EQ(reader.U16(), 0x0203);
  EXPECT_EQ(reader.U24(), 0x040506u);
  EXPECT_EQ(reader.U32(), 0x0708090Au);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(ByteReader, FailsPastTheEndAndStaysFailed) {
  const std::array<uint8_t, 3> bytes = {1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.U32(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.U8(), 0) << "a failed reader yields nothing more";
  EXPECT_TRUE(reader.Bytes(1).empty());
}

TEST(ByteWriter, WritesWhatTheReaderReads) {
  std::array<uint8_t, 11> bytes{};
  ByteWriter writer(bytes);
  writer.U24(0x0A0B0C);
  writer.U64(0x0102030405060708);
  EXPECT_TRUE(writer.ok());
  ByteReader reader(bytes);
  EXPECT_EQ(reader.U24(), 0x0A0B0Cu);
  EXPECT_EQ(reader.U64(), 0x0102030405060708u);
}

TEST(ByteWriter, RefusesToWritePastTheEnd) {
  std::array<uint8_t, 2> bytes = {9, 9};
  ByteWriter writer(bytes);
  writer.U24(0x010203);
  EXPECT_FALSE(writer.ok());
  EXPECT_EQ(bytes, (std::array<uint8_t, 2>{9, 9}));
}

}  // namespace
}  // namespace ferry
