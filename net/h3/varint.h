// Variable-length integers of QUIC (RFC 9000 §16): 62 bits in 1, 2, 4 or 8 bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/bytes.h"

namespace ferry::net {

inline constexpr uint64_t kMaxVarint = (uint64_t{1} << 62) - 1;
inline constexpr size_t kMaxVarintBytes = 8;

// The bytes of `value` in its shortest form; `value` is at most kMaxVarint.
size_t VarintSize(uint64_t value);
void AppendVarint(std::vector<uint8_t>& out, uint64_t value);

// Takes a whole integer from the front of `data`; nullopt, and nothing taken, when it is not whole.
std::optional<uint64_t> TakeVarint(ByteSpan& data);

// One integer after another from bytes that come in pieces.
class VarintReader {
 public:
  // Takes from the front of `data`; nullopt when that is used up before the integer is whole.
  std::optional<uint64_t> Take(ByteSpan& data);
  // Whether part of an integer has been taken.
  bool partial() const { return size_ > 0; }

 private:
  std::array<uint8_t, kMaxVarintBytes> bytes_{};
  size_t size_ = 0;
};

}  // namespace ferry::net
