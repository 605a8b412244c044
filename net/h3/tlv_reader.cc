#include "net/h3/tlv_reader.h"

#include <algorithm>

namespace ferry::net {

std::optional<TlvReader::Piece> TlvReader::Next(ByteSpan& data) {
  bool first = false;
  if (state_ == State::kType) {
    const auto type = varint_.Take(data);
    if (!type) return std::nullopt;
    type_ = *type;
    state_ = State::kLength;
  }
  if (state_ == State::kLength) {
    const auto length = varint_.Take(data);
    if (!length) return std::nullopt;
    length_ = left_ = *length;
    state_ = State::kValue;
    first = true;
  }
  if (data.empty() && !first) return std::nullopt;

  const auto size = static_cast<size_t>(std::min<uint64_t>(left_, data.size()));
  Piece piece{.type = type_, .length = length_, .value = data.first(size), .first = first};
  data = data.subspan(size);
  left_ -= size;
  piece.last = left_ == 0;
  if (piece.last) state_ = State::kType;
  return piece;
}

}  // namespace ferry::net
