// IVF files, byte by byte.
#pragma once

#include <cstdint>
#include <string>

namespace ferry::client::testing {

inline std::string LittleBytes(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i);
  return out;
}

inline std::string IvfHeader(uint32_t rate = 30, uint32_t scale = 1,
                             const std::string& codec = "VP80", int width = 320, int height = 180) {
  return "DKIF" + LittleBytes(0, 2) + LittleBytes(32, 2) + codec +
         LittleBytes(static_cast<uint64_t>(width), 2) +
         LittleBytes(static_cast<uint64_t>(height), 2) + LittleBytes(rate, 4) +
         LittleBytes(scale, 4) + std::string(8, '\0');
}
inline std::string IvfFrameOf(uint64_t timestamp, const std::string& data) {
  return LittleBytes(data.size(), 4) + LittleBytes(timestamp, 8) + data;
}
// RFC 6386 §9.1: what begins a key frame, and another; whatever follows is not looked at.
inline std::string Vp8Key(const std::string& more = "", int width = 320, int height = 180) {
  return std::string({0x10, 0, 0, '\x9D', 0x01, '\x2A'}) +
         LittleBytes(static_cast<uint64_t>(width), 2) +
         LittleBytes(static_cast<uint64_t>(height), 2) + more;
}
inline std::string Vp8Delta(const std::string& more = "") {
  return std::string({0x11, 0, 0}) + more;
}

}  // namespace ferry::client::testing
