// Connection ids (RFC 9000 §5.1) as keys.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <unordered_map>

#include "core/base/bytes.h"

namespace ferry::net {

struct ConnectionId {
  // Filled up with zeros.
  std::array<uint8_t, NGTCP2_MAX_CIDLEN> bytes{};
  uint8_t size = 0;

  ConnectionId() = default;
  explicit ConnectionId(ByteSpan id)
      : size(static_cast<uint8_t>(std::min(id.size(), bytes.size()))) {
    std::copy_n(id.begin(), size, bytes.begin());
  }
  explicit ConnectionId(const ngtcp2_cid& id) : ConnectionId(ByteSpan(id.data, id.datalen)) {}

  bool operator==(const ConnectionId&) const = default;
};

// Clients choose ids too: `seed` keeps them from choosing ones that collide.
struct ConnectionIdHash {
  uint64_t seed;

  size_t operator()(const ConnectionId& id) const {
    std::array<uint64_t, 3> words{};
    std::memcpy(words.data(), id.bytes.data(), id.bytes.size());
    uint64_t hash = seed ^ id.size;
    for (const uint64_t word : words) {
      hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 32;
    }
    return hash;
  }
};

template <typename T>
using ConnectionIdMap = std::unordered_map<ConnectionId, T, ConnectionIdHash>;

}  // namespace ferry::net
