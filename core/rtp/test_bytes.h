// For the tests of this folder: wire vectors as readable hexadecimal, and the errors of results.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace ferry::rtp {

// Bytes of a text such as "80 6f 00 01"; everything that is no hexadecimal digit separates.
inline std::vector<uint8_t> Hex(std::string_view text) {
  std::vector<uint8_t> out;
  int digits = 0;
  for (const char c : text) {
    const int value = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (value < 0) continue;
    if (digits++ % 2 == 0) {
      out.push_back(static_cast<uint8_t>(value << 4));
    } else {
      out.back() = static_cast<uint8_t>(out.back() | value);
    }
  }
  return out;
}

inline std::vector<uint8_t> Concat(std::initializer_list<std::vector<uint8_t>> parts) {
  std::vector<uint8_t> out;
  for (const auto& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

// Nothing for a success, so that a test that expects an error fails there.
template <typename T>
std::optional<ErrorCode> CodeOf(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code;
}

}  // namespace ferry::rtp
