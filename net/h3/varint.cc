#include "net/h3/varint.h"

namespace ferry::net {
namespace {

size_t SizeFromFirst(uint8_t first) { return size_t{1} << (first >> 6); }

}  // namespace

size_t VarintSize(uint64_t value) {
  if (value < 1u << 6) return 1;
  if (value < 1u << 14) return 2;
  return value < 1u << 30 ? 4 : 8;
}

void AppendVarint(std::vector<uint8_t>& out, uint64_t value) {
  const size_t size = VarintSize(value);
  const uint64_t length_bits = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
  value |= length_bits << (8 * size - 2);
  for (size_t i = size; i-- > 0;) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

std::optional<uint64_t> TakeVarint(ByteSpan& data) {
  if (data.empty()) return std::nullopt;
  const size_t size = SizeFromFirst(data[0]);
  if (data.size() < size) return std::nullopt;
  uint64_t value = data[0] & 0x3f;
  for (size_t i = 1; i < size; ++i) value = value << 8 | data[i];
  data = data.subspan(size);
  return value;
}

std::optional<uint64_t> VarintReader::Take(ByteSpan& data) {
  if (size_ == 0) {
    if (const auto whole = TakeVarint(data)) return whole;
  }
  while (!data.empty()) {
    bytes_[size_++] = data[0];
    data = data.subspan(1);
    ByteSpan collected(bytes_.data(), size_);
    if (const auto value = TakeVarint(collected)) {
      size_ = 0;
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace ferry::net
