// Bytes of HTTP/3 as tests write them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "net/h3/varint.h"

namespace ferry::net {

using ByteVector = std::vector<uint8_t>;

inline ByteVector Concat(std::initializer_list<ByteVector> parts) {
  ByteVector out;
  for (const auto& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

inline ByteVector Text(std::string_view text) { return {text.begin(), text.end()}; }

inline ByteVector Varints(std::initializer_list<uint64_t> values) {
  ByteVector out;
  for (const uint64_t value : values) AppendVarint(out, value);
  return out;
}

// A frame or a capsule.
inline ByteVector Tlv(uint64_t type, const ByteVector& value = {}) {
  return Concat({Varints({type, value.size()}), value});
}

// The same bytes in two pieces, cut at every place, and one byte at a time: `read` gets the pieces
// of each way.
template <typename Read>
void ForEverySplit(const ByteVector& bytes, Read read) {
  const ByteSpan all(bytes);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    read(std::vector<ByteSpan>{all.first(cut), all.subspan(cut)});
  }
  std::vector<ByteSpan> single;
  for (size_t i = 0; i < bytes.size(); ++i) single.push_back(all.subspan(i, 1));
  read(single);
}

}  // namespace ferry::net
