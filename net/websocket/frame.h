// What frames of the WebSocket protocol (RFC 6455 §5) are made of.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ferry::net {

enum class WebSocketRole { kServer, kClient };

enum class Opcode : uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xA,
};

constexpr bool IsControl(Opcode opcode) { return (static_cast<uint8_t>(opcode) & 0x8) != 0; }

// §5.5.
inline constexpr size_t kMaxControlFramePayload = 125;
// Two bytes, eight of length, four of mask.
inline constexpr size_t kMaxFrameHeader = 14;

// What the reader reports for a close frame without a code; never on the wire (§7.4.1).
inline constexpr uint16_t kCloseNoCode = 1005;

}  // namespace ferry::net
