// Packets that carry nothing: they fill up a probe when there is too little media to send. A
// receiver counts their arrival in its feedback, as that of every packet with a transport-wide
// sequence number, and ignores them otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/rtp/rtp_packet.h"

namespace ferry::transport {

// Smallest padding worth a packet, header included.
inline constexpr size_t kMinPaddingPacket = 100;

// Writes a packet of `size` bytes, at least kMinPaddingPacket and at most rtp::kMaxPacketSize, to
// `out` and returns its size; 0 when `out` is smaller.
size_t WritePaddingPacket(uint16_t transport_sequence_number, size_t size, MutableByteSpan out);
// The same, not numbered yet.
rtp::RtpPacket MakePaddingPacket(size_t size);

}  // namespace ferry::transport
