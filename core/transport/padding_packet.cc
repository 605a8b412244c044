#include "core/transport/padding_packet.h"

#include <algorithm>
#include <array>

namespace ferry::transport {

namespace {

constexpr rtp::RtpHeader kHeader{.payload_type = rtp::kPaddingPayloadType,
                                 .ssrc = rtp::kNoStreamSsrc};

// Of a packet of `size` bytes in all.
ByteSpan Payload(size_t size, const rtp::RtpExtensions& extensions) {
  static constexpr std::array<uint8_t, rtp::kMaxPacketSize> kZeros{};
  const size_t bounded = std::clamp(size, kMinPaddingPacket, rtp::kMaxPacketSize);
  return ByteSpan(kZeros).first(bounded - rtp::RtpHeaderSize(extensions));
}

}  // namespace

size_t WritePaddingPacket(uint16_t transport_sequence_number, size_t size, MutableByteSpan out) {
  const rtp::RtpExtensions extensions{.transport_sequence_number = transport_sequence_number};
  return rtp::WriteRtp(kHeader, extensions, Payload(size, extensions), out).value_or(0);
}

rtp::RtpPacket MakePaddingPacket(size_t size) {
  const rtp::RtpExtensions extensions{.transport_sequence_number = 0};
  // Cannot fail: header and extensions are valid.
  return rtp::RtpPacket::Make(kHeader, extensions, Payload(size, extensions))
      .value_or(rtp::RtpPacket());
}

}  // namespace ferry::transport
