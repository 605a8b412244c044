// Numbers of files that have the lowest byte first.
#pragma once

#include <concepts>
#include <cstddef>

#include "core/base/bytes.h"

namespace ferry::client {

template <std::unsigned_integral T>
T LittleEndian(ByteSpan bytes, size_t offset) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | static_cast<T>(T{bytes[offset + i]} << (8 * i)));
  }
  return value;
}

}  // namespace ferry::client
