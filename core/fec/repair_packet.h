// Repair packets: what one carries, and how it stands on the wire (docs/protocol.md §3).
//
// Of a sliding-window random linear code after RFC 8681: a repair packet is a sum of the packets of
// a window, each times a coefficient that both ends derive from its number and the repair packet's
// key. So many repair packets as packets of their windows were lost give these back, whichever they
// were. RFC 8681's FEC Framework headers are not used: packets are named by their transport-wide
// numbers, under which both directions of media already go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"

namespace ferry::fec {

// Packets that one repair packet may protect stand within so many numbers.
inline constexpr size_t kMaxSpan = 128;
// What a repair packet's payload has before the sum, at most, and the two bytes by which the sum is
// longer than the longest packet protected.
inline constexpr size_t kMaxRepairOverhead = 2 + 2 + 1 + kMaxSpan / 8 + 2;

struct RepairPayload {
  uint16_t key = 0;  // of the coefficients
  // Transport-wide numbers of what is protected, ascending, within kMaxSpan of the first; not
  // empty.
  std::vector<uint16_t> numbers;
  // Sum of the packets' symbols, each times its coefficient. Shorter symbols end in zeros.
  ByteSpan sum;
};

// Never zero.
uint8_t Coefficient(uint16_t key, uint16_t number);

// The symbol of a packet: its size in two bytes, then the packet with zeros in the place of its
// transport-wide number, which stands at `number_offset`.
std::vector<uint8_t> MakeSymbol(ByteSpan packet, size_t number_offset);
// The packet of a symbol, which may be longer; empty when it cannot be one.
ByteSpan PacketOf(ByteSpan symbol);

// The payload of a repair packet.
std::vector<uint8_t> WriteRepairPayload(const RepairPayload& payload);
// `sum` points into `bytes`. kTruncated or kMalformed for what is no such payload.
Result<RepairPayload> ParseRepairPayload(ByteSpan bytes);

}  // namespace ferry::fec
