// What a load generator's packet carries instead of media, so that whoever receives it can tell
// where it belongs, when it was sent and whether it arrived whole.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/units.h"

namespace ferry::client {

struct PacketStamp {
  uint32_t stream = 0;   // unique in the run; each encoding of a video has its own
  uint32_t counter = 0;  // of the stream's packets, from 0
  Timestamp sent;        // Unix epoch: only clients of one host compare
  uint32_t frame = 0;    // number of its frame; an audio packet is one
  uint16_t index = 0;    // place in the frame
  uint16_t count = 0;    // packets of the frame
  uint16_t moves = 0;    // of its publisher from one connection to another, until then
  bool operator==(const PacketStamp&) const = default;
};

inline constexpr size_t kStampBytes = 32;

// Writes the stamp at the beginning of `out` and over all of it a checksum (CRC-32) at the end of
// the stamp; `out` has at least kStampBytes and at most net::kMaxMediaBytes.
void WriteStamp(const PacketStamp& stamp, MutableByteSpan out);
// nullopt when the bytes are not as they were written.
std::optional<PacketStamp> ReadStamp(ByteSpan bytes);

}  // namespace ferry::client
