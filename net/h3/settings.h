// SETTINGS of HTTP/3 (RFC 9114 §7.2.4) as far as WebTransport needs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <vector>

#include "core/base/bytes.h"
#include "net/h3/h3_error.h"

namespace ferry::net {

// A frame of known peers has about a hundred bytes; more is somebody's attack.
inline constexpr size_t kMaxSettingsBytes = 1024;
inline constexpr size_t kMaxSettingsCount = 64;
// The greatest header section we take (RFC 9114 §4.2.2): browsers' requests have about 500 bytes.
inline constexpr size_t kMaxHeaderBytes = 16'384;

// What the other side's SETTINGS say that concerns us. Unknown ones are skipped.
struct Settings {
  bool connect_protocol = false;  // extended CONNECT (RFC 9220)
  bool datagrams = false;         // HTTP datagrams (RFC 9297)
  bool webtransport = false;      // by any of the drafts' names for it
};

// Reads the payload of a SETTINGS frame. Errors close the connection: an identifier twice, one that
// HTTP/2 reserves, a flag that is neither 0 nor 1, a payload that ends within a setting.
std::expected<Settings, H3Error> ParseSettings(ByteSpan payload);

// The payload of our own SETTINGS frame, of either role.
std::vector<uint8_t> OurSettings();

}  // namespace ferry::net
