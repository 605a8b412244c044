// Arithmetic of GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1, as RFC 5510 §8.1 and
// RFC 8681 use it: sums are exclusive ors.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace ferry::fec {

uint8_t Multiply(uint8_t a, uint8_t b);
// Of a number that is not zero.
uint8_t Inverse(uint8_t a);
// Adds `factor` times `source` to the beginning of `target`, which is at least as long.
void MultiplyAdd(uint8_t factor, ByteSpan source, MutableByteSpan target);
// Multiplies each byte of `target` by `factor`.
void Scale(uint8_t factor, MutableByteSpan target);

}  // namespace ferry::fec
