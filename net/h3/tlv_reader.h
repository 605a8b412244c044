// Type, length, value: the form of HTTP/3 frames (RFC 9114 §7.1) and of capsules (RFC 9297 §3.2).
// Values are handed on in the pieces in which they come and never kept, so that one of any length
// can be skipped.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/bytes.h"
#include "net/h3/varint.h"

namespace ferry::net {

class TlvReader {
 public:
  struct Piece {
    uint64_t type = 0;
    uint64_t length = 0;  // of the whole value
    ByteSpan value;       // what has come of it now; empty with `first` when only the head has come
    bool first = false;
    bool last = false;
  };

  // Takes the next piece from the front of `data`; nullopt when `data` is used up.
  std::optional<Piece> Next(ByteSpan& data);

  // Whether a stream may end here: not within a head or a value.
  bool between() const { return state_ == State::kType && !varint_.partial(); }

 private:
  enum class State { kType, kLength, kValue };

  State state_ = State::kType;
  VarintReader varint_;
  uint64_t type_ = 0;
  uint64_t length_ = 0;
  uint64_t left_ = 0;
};

}  // namespace ferry::net
