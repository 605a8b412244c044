#include "core/fec/gf256.h"

#include <array>
#include <cstddef>

namespace ferry::fec {
namespace {

constexpr unsigned kPolynomial = 0x11D;
constexpr size_t kOrder = 255;  // of the multiplicative group, which 2 generates

struct Tables {
  std::array<uint8_t, 2 * kOrder> power{};  // of 2; twice, so that sums of logarithms need no wrap
  std::array<uint8_t, 256> logarithm{};
};

constexpr Tables MakeTables() {
  Tables tables;
  unsigned value = 1;
  for (size_t i = 0; i < kOrder; ++i) {
    tables.power[i] = tables.power[i + kOrder] = static_cast<uint8_t>(value);
    tables.logarithm[value] = static_cast<uint8_t>(i);
    value <<= 1;
    if (value > 0xFF) value ^= kPolynomial;
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

// The products of one factor with every half byte: a product with a byte is the sum of two.
struct Products {
  explicit Products(uint8_t factor) {
    for (unsigned i = 0; i < 16; ++i) {
      low[i] = Multiply(factor, static_cast<uint8_t>(i));
      high[i] = Multiply(factor, static_cast<uint8_t>(i << 4));
    }
  }
  uint8_t Of(uint8_t byte) const { return low[byte & 0xF] ^ high[byte >> 4]; }

  std::array<uint8_t, 16> low;
  std::array<uint8_t, 16> high;
};

}  // namespace

uint8_t Multiply(uint8_t a, uint8_t b) {
  if (a == 0 || b == 0) return 0;
  return kTables.power[size_t{kTables.logarithm[a]} + kTables.logarithm[b]];
}

uint8_t Inverse(uint8_t a) { return kTables.power[kOrder - kTables.logarithm[a]]; }

void MultiplyAdd(uint8_t factor, ByteSpan source, MutableByteSpan target) {
  if (factor == 0) return;
  const Products products(factor);
  for (size_t i = 0; i < source.size(); ++i) target[i] ^= products.Of(source[i]);
}

void Scale(uint8_t factor, MutableByteSpan target) {
  const Products products(factor);
  for (uint8_t& byte : target) byte = products.Of(byte);
}

}  // namespace ferry::fec
