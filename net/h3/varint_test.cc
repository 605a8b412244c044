#include "net/h3/varint.h"

#include <gtest/gtest.h>

#include "net/h3/testing/bytes.h"

namespace ferry::net {
namespace {

// RFC 9000 appendix A.1.
const ByteVector kEight{0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c};

TEST(VarintTest, ReadsTheExamplesOfTheRfc) {
  const auto read = [](ByteVector bytes) {
    ByteSpan span(bytes);
    const auto value = TakeVarint(span);
    EXPECT_TRUE(span.empty());
    return value;
  };
  EXPECT_EQ(read(kEight), 151'288'809'941'952'652u);
  EXPECT_EQ(read({0x9d, 0x7f, 0x3e, 0x7d}), 494'878'333u);
  EXPECT_EQ(read({0x7b, 0xbd}), 15'293u);
  EXPECT_EQ(read({0x25}), 37u);
  EXPECT_EQ(read({0x40, 0x25}), 37u);  // not the shortest form, and allowed
}

TEST(VarintTest, WritesTheShortestFormOnBothSidesOfEachStep) {
  for (const auto& [value, size] :
       std::initializer_list<std::pair<uint64_t, size_t>>{{0, 1},
                                                          {63, 1},
                                                          {64, 2},
                                                          {16'383, 2},
                                                          {16'384, 4},
                                                          {(1u << 30) - 1, 4},
                                                          {1u << 30, 8},
                                                          {kMaxVarint, 8}}) {
    ByteVector out;
    AppendVarint(out, value);
    EXPECT_EQ(out.size(), size);
    EXPECT_EQ(VarintSize(value), size);
    ByteSpan span(out);
    EXPECT_EQ(TakeVarint(span), value);
  }
}

TEST(VarintTest, TakesNothingOfAnIntegerThatIsNotWhole) {
  for (size_t size = 0; size < kEight.size(); ++size) {
    ByteSpan span(kEight.data(), size);
    EXPECT_EQ(TakeVarint(span), std::nullopt);
    EXPECT_EQ(span.size(), size);
  }
}

TEST(VarintTest, ReadsIntegersInPieces) {
  const ByteVector bytes = Varints({5, 70'000, kMaxVarint, 300, 0});
  ForEverySplit(bytes, [&](const std::vector<ByteSpan>& pieces) {
    VarintReader reader;
    std::vector<uint64_t> values;
    for (ByteSpan piece : pieces) {
      while (const auto value = reader.Take(piece)) values.push_back(*value);
      EXPECT_TRUE(piece.empty());
    }
    EXPECT_EQ(values, (std::vector<uint64_t>{5, 70'000, kMaxVarint, 300, 0}));
    EXPECT_FALSE(reader.partial());
  });
}

}  // namespace
}  // namespace ferry::net
