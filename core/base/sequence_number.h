// Comparison and unwrapping of counters that wrap: RTP sequence numbers and timestamps
// (RFC 3550 §5.1), picture ids.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

namespace ferry {

// True when `a` comes after `b` on the circle (RFC 1982): the shorter way from b to a is forward.
template <typename T>
constexpr bool IsNewer(T a, T b) {
  static_assert(std::is_unsigned_v<T>);
  constexpr T kHalf = static_cast<T>(T{1} << (sizeof(T) * 8 - 1));
  const T distance = static_cast<T>(a - b);
  return distance != 0 && (distance < kHalf || (distance == kHalf && a > b));
}

// Extends a wrapping counter to 64 bits, taking each value as the nearest to the one before it.
template <typename T>
class Unwrapper {
 public:
  int64_t Unwrap(T value) {
    last_ = Peek(value);
    return *last_;
  }
  // What Unwrap would return, without moving the reference.
  int64_t Peek(T value) const {
    if (!last_) return static_cast<int64_t>(value);
    using Signed = std::make_signed_t<T>;
    return *last_ + static_cast<Signed>(static_cast<T>(value - static_cast<T>(*last_)));
  }
  void Reset() { last_.reset(); }

 private:
  std::optional<int64_t> last_;
};

}  // namespace ferry
