#include "core/transport/padding_packet.h"

#include <algorithm>
#include <array>

namespace ferry::transport {

size_t WritePaddingPacket(uint16_t transport_sequence_number, size_t size, MutableByteSpan out) {
  static constexpr std::array<uint8_t, rtp::kMaxPacketSize> kZeros{};
  const rtp::RtpExtensions extensions{.transport_sequence_number = transport_sequence_number};
  const size_t header = rtp::RtpHeaderSize(extensions);
  const size_t payload = std::clamp(size, kMinPaddingPacket, rtp::kMaxPacketSize) - header;
  const auto written = rtp::WriteRtp({.payload_type = kPaddingPayloadType, .ssrc = kPaddingSsrc},
                                     extensions, ByteSpan(kZeros).first(payload), out);
  return written ? *written : 0;
}

}  // namespace ferry::transport
