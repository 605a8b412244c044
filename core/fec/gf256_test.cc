#include "core/fec/gf256.h"

#include <gtest/gtest.h>

#include <vector>

namespace ferry::fec {
namespace {

// By the definition: a product of polynomials, reduced.
uint8_t SlowProduct(unsigned a, unsigned b) {
  unsigned product = 0;
  for (; b != 0; b >>= 1, a <<= 1) {
    if ((a & 0x100) != 0) a ^= 0x11D;
    if ((b & 1) != 0) product ^= a;
  }
  return static_cast<uint8_t>(product);
}

TEST(Gf256, ProductsAreThoseOfTheField) {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      ASSERT_EQ(Multiply(static_cast<uint8_t>(a), static_cast<uint8_t>(b)), SlowProduct(a, b));
    }
  }
}

TEST(Gf256, EveryNumberButZeroHasAnInverse) {
  for (unsigned a = 1; a < 256; ++a) {
    const auto number = static_cast<uint8_t>(a);
    ASSERT_EQ(Multiply(number, Inverse(number)), 1);
  }
}

TEST(Gf256, VectorsAreMultipliedByteByByte) {
  std::vector<uint8_t> source(256);
  for (size_t i = 0; i < source.size(); ++i) source[i] = static_cast<uint8_t>(i);
  for (const uint8_t factor : {0, 1, 2, 0x1D, 0x80, 0xFF}) {
    std::vector<uint8_t> target(300, 0x55);
    MultiplyAdd(factor, source, target);
    std::vector<uint8_t> scaled = source;
    Scale(factor, scaled);
    for (size_t i = 0; i < source.size(); ++i) {
      ASSERT_EQ(target[i], 0x55 ^ Multiply(factor, source[i]));
      ASSERT_EQ(scaled[i], Multiply(factor, source[i]));
    }
    EXPECT_EQ(target[256], 0x55) << "beyond the source nothing changes";
  }
}

}  // namespace
}  // namespace ferry::fec
