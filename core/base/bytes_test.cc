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

TEST(ByteReader, HandsOutSpansAndTheRest) {
  const std::array<uint8_t, 6> bytes = {1, 2, 3, 4, 5, 6};
  ByteReader reader(bytes);
  reader.Skip(1);
  const ByteSpan two = reader.Bytes(2);
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0], 2);
  EXPECT_EQ(reader.position(), 3u);
  EXPECT_EQ(reader.Rest().size(), 3u);
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_TRUE(reader.Rest().empty());
  EXPECT_TRUE(reader.ok()) << "an empty rest is no failure";
}

TEST(ByteReader, SurvivesAnyCount) {
  const std::array<uint8_t, 2> bytes = {1, 2};
  ByteReader reader(bytes);
  reader.U8();
  EXPECT_TRUE(reader.Bytes(SIZE_MAX).empty());
  EXPECT_FALSE(reader.ok());
  EXPECT_TRUE(reader.Rest().empty()) << "a failed reader yields nothing more";
}

TEST(ByteReader, ReadsNothingFromNothing) {
  ByteReader reader({});
  EXPECT_TRUE(reader.Bytes(0).empty());
  EXPECT_TRUE(reader.ok());
  reader.U8();
  EXPECT_FALSE(reader.ok());
}

TEST(ByteWriter, KeepsOnlyTheBytesOfItsFields) {
  std::array<uint8_t, 6> bytes{};
  ByteWriter writer(bytes);
  writer.U24(0xFF010203);
  const std::array<uint8_t, 3> tail = {7, 8, 9};
  writer.Bytes(tail);
  writer.Bytes({});
  EXPECT_TRUE(writer.ok());
  EXPECT_EQ(writer.remaining(), 0u);
  EXPECT_EQ(bytes, (std::array<uint8_t, 6>{1, 2, 3, 7, 8, 9}));
}

TEST(ByteWriter, StaysFailed) {
  std::array<uint8_t, 2> bytes = {9, 9};
  ByteWriter writer(bytes);
  writer.U32(1);
  writer.U8(1);
  EXPECT_FALSE(writer.ok()) << "a later field must not slip into the place of a lost one";
  EXPECT_EQ(writer.position(), 0u);
  EXPECT_EQ(bytes, (std::array<uint8_t, 2>{9, 9}));
}

}  // namespace
}  // namespace ferry
