// An IP address as bytes, for parsers that know nothing of sockets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace ferry::gateway {

// An IPv4 address is kept as IPv6 has it mapped (RFC 4291 §2.5.5.2), so that both spellings of one
// address are the same.
struct IpAddress {
  static constexpr size_t kBits = 128;
  static constexpr size_t kV4PrefixBits = 96;  // of a mapped address

  std::array<uint8_t, 16> bytes{};

  // Four bytes, or sixteen.
  static IpAddress V4(ByteSpan four);
  static IpAddress V6(ByteSpan sixteen);
  // Dotted decimal or RFC 4291 §2.2; no zone, no port.
  static std::optional<IpAddress> Parse(std::string_view text);

  bool is_v4() const;
  std::string Text() const;
  bool operator==(const IpAddress&) const = default;
};

}  // namespace ferry::gateway
