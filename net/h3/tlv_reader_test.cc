#include "net/h3/tlv_reader.h"

#include <gtest/gtest.h>

#include "net/h3/testing/bytes.h"

namespace ferry::net {
namespace {

TEST(TlvReaderTest, ReadsTheSameHoweverTheBytesAreCut) {
  const ByteVector bytes =
      Concat({Tlv(0x1, Text("headers")), Tlv(0x21), Tlv(0x40'0000, ByteVector(300, 7))});
  ForEverySplit(bytes, [](const std::vector<ByteSpan>& pieces) {
    TlvReader reader;
    std::vector<std::pair<uint64_t, ByteVector>> whole;
    for (ByteSpan data : pieces) {
      while (const auto piece = reader.Next(data)) {
        if (piece->first) whole.emplace_back(piece->type, ByteVector());
        auto& value = whole.back().second;
        value.insert(value.end(), piece->value.begin(), piece->value.end());
        EXPECT_EQ(piece->last, value.size() == piece->length);
      }
      EXPECT_TRUE(data.empty());
    }
    EXPECT_TRUE(reader.between());
    ASSERT_EQ(whole.size(), 3u);
    EXPECT_EQ(whole[0], std::pair(uint64_t{0x1}, Text("headers")));
    EXPECT_EQ(whole[1], std::pair(uint64_t{0x21}, ByteVector()));
    EXPECT_EQ(whole[2], std::pair(uint64_t{0x40'0000}, ByteVector(300, 7)));
  });
}

TEST(TlvReaderTest, SaysWhetherAStreamMayEnd) {
  const ByteVector bytes = Tlv(0x1, Text("ab"));
  TlvReader reader;
  EXPECT_TRUE(reader.between());
  for (size_t i = 0; i < bytes.size(); ++i) {
    ByteSpan data(&bytes[i], 1);
    while (reader.Next(data)) {
    }
    EXPECT_EQ(reader.between(), i + 1 == bytes.size()) << i;
  }
}

TEST(TlvReaderTest, HandsOnAValueOfTheGreatestLengthWithoutKeepingIt) {
  ByteVector head = Varints({0x0, kMaxVarint});
  TlvReader reader;
  ByteSpan data(head);
  EXPECT_EQ(reader.Next(data)->length, kMaxVarint);
  const ByteVector more(100, 1);
  data = more;
  const auto piece = reader.Next(data);
  EXPECT_EQ(piece->value.data(), more.data());
  EXPECT_FALSE(piece->last);
}

}  // namespace
}  // namespace ferry::net
