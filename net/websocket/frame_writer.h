// Writes WebSocket frames (RFC 6455 §5.2), each a whole message.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "net/websocket/frame.h"

namespace ferry::net {

using MaskingKey = std::array<uint8_t, 4>;

// XORs `bytes` with the key, beginning with the key's first byte; again undoes it (§5.3).
void ApplyMask(MutableByteSpan bytes, const MaskingKey& key);

// Appends one final frame. `mask`: a key when a client writes, nullptr when a server does (§5.1).
// A control frame's payload is at most kMaxControlFramePayload.
void AppendFrame(std::vector<uint8_t>& out, Opcode opcode, ByteSpan payload,
                 const MaskingKey* mask);

// Appends a close frame; the reason is cut, between characters, to what fits.
void AppendClose(std::vector<uint8_t>& out, uint16_t code, std::string_view reason,
                 const MaskingKey* mask);

}  // namespace ferry::net
