#include "core/rtp/rtp_packet.h"

#include <cassert>
#include <string>
#include <utility>

namespace ferry::rtp {
namespace {

constexpr size_t kFixedHeaderSize = 12;
constexpr size_t kExtensionHeaderSize = 4;
constexpr uint16_t kOneByteProfile = 0xBEDE;  // RFC 8285 §4.2

// Reads the elements of a one-byte extension block that begins at `block_offset` in the packet.
bool ParseOneByteExtensions(ByteSpan block, size_t block_offset, const ExtensionIds& ids,
                            RtpPacketView& view) {
  size_t position = 0;
  while (position < block.size()) {
    const uint8_t id = block[position] >> 4;
    const size_t length_field = block[position] & 0x0F;
    // RFC 8285 §4.2: id 15, and id 0 with a length, end the processing; what came before counts.
    if (id == 15 || (id == 0 && length_field != 0)) return true;
    ++position;
    if (id == 0) continue;  // padding
    const size_t size = length_field + 1;
    if (block.size() - position < size) return false;
    ByteReader reader(block.subspan(position, size));
    if (id == ids.audio_level && size == 1) {
      const uint8_t byte = reader.U8();
      view.extensions.audio_level = AudioLevel{.minus_dbov = static_cast<uint8_t>(byte & 0x7F),
                                               .voice_activity = byte >= 128};
    } else if (id == ids.absolute_capture_time && (size == 8 || size == 16)) {
      // The 16-byte form adds an estimated clock offset, of which we make no use.
      view.extensions.absolute_capture_time = reader.U64();
    } else if (id == ids.transport_sequence_number && size == 2) {
      view.extensions.transport_sequence_number = reader.U16();
      view.transport_sequence_number_offset = block_offset + position;
    }
    position += size;
  }
  return true;
}

size_t ExtensionElementsSize(const RtpExtensions& extensions) {
  size_t size = 0;
  if (extensions.audio_level) size += 1 + 1;
  if (extensions.absolute_capture_time) size += 1 + 8;
  if (extensions.transport_sequence_number) size += 1 + 2;
  return size;
}

constexpr size_t RoundUpToWord(size_t size) { return (size + 3) / 4 * 4; }

void WriteExtensions(const RtpExtensions& extensions, ByteWriter& writer) {
  const auto element = [&writer](uint8_t id, size_t size) {
    writer.U8(static_cast<uint8_t>(id << 4 | (size - 1)));
  };
  const size_t size = ExtensionElementsSize(extensions);
  const size_t padded = RoundUpToWord(size);
  writer.U16(kOneByteProfile);
  writer.U16(static_cast<uint16_t>(padded / 4));
  if (extensions.audio_level) {
    element(kAudioLevelExtensionId, 1);
    writer.U8(static_cast<uint8_t>((extensions.audio_level->voice_activity ? 0x80 : 0) |
                                   extensions.audio_level->minus_dbov));
  }
  if (extensions.absolute_capture_time) {
    element(kAbsoluteCaptureTimeExtensionId, 8);
    writer.U64(*extensions.absolute_capture_time);
  }
  if (extensions.transport_sequence_number) {
    element(kTransportSequenceNumberExtensionId, 2);
    writer.U16(*extensions.transport_sequence_number);
  }
  for (size_t i = size; i < padded; ++i) writer.U8(0);
}

}  // namespace

bool IsRtcp(ByteSpan packet) {
  return packet.size() >= 2 && packet[0] >> 6 == 2 && packet[1] >= 192 && packet[1] <= 223;
}

Result<RtpPacketView> ParseRtp(ByteSpan packet, const ExtensionIds& ids) {
  if (packet.size() > kMaxReceivedPacketSize) {
    return Fail(ErrorCode::kLimitExceeded, "RTP packet of " + std::to_string(packet.size()) +
                                               " bytes is larger than " +
                                               std::to_string(kMaxReceivedPacketSize));
  }
  if (packet.size() < kFixedHeaderSize) {
    return Fail(ErrorCode::kTruncated, "RTP packet of " + std::to_string(packet.size()) +
                                           " bytes is shorter than its header");
  }
  ByteReader reader(packet);
  const uint8_t first = reader.U8();
  const uint8_t second = reader.U8();
  if (first >> 6 != 2) {
    return Fail(ErrorCode::kMalformed, "RTP version is " + std::to_string(first >> 6) + ", not 2");
  }
  RtpPacketView view;
  view.header.marker = (second & 0x80) != 0;
  view.header.payload_type = second & 0x7F;
  view.header.sequence_number = reader.U16();
  view.header.timestamp = reader.U32();
  view.header.ssrc = reader.U32();
  reader.Skip(size_t{4} * (first & 0x0F));  // CSRCs
  if ((first & 0x10) != 0) {
    const uint16_t profile = reader.U16();
    const size_t block_size = size_t{4} * reader.U16();
    const size_t block_offset = reader.position();
    const ByteSpan block = reader.Bytes(block_size);
    if (reader.ok() && profile == kOneByteProfile &&
        !ParseOneByteExtensions(block, block_offset, ids, view)) {
      return Fail(ErrorCode::kMalformed,
                  "RTP header extension element passes the end of its block");
    }
  }
  if (!reader.ok()) {
    return Fail(ErrorCode::kTruncated, "RTP CSRCs or header extension pass the end of the packet");
  }
  view.payload = reader.Rest();
  if ((first & 0x20) != 0) {
    // RFC 3550 §5.1: the last octet counts the padding, itself included.
    const size_t padding = view.payload.empty() ? 0 : view.payload.back();
    if (padding == 0 || padding > view.payload.size()) {
      return Fail(ErrorCode::kMalformed, "RTP padding of " + std::to_string(padding) +
                                             " bytes in a payload of " +
                                             std::to_string(view.payload.size()));
    }
    view.payload = view.payload.first(view.payload.size() - padding);
  }
  return view;
}

size_t RtpHeaderSize(const RtpExtensions& extensions) {
  const size_t elements = ExtensionElementsSize(extensions);
  return kFixedHeaderSize + (elements == 0 ? 0 : kExtensionHeaderSize + RoundUpToWord(elements));
}

size_t TransportSequenceNumberOffset(const RtpExtensions& extensions) {
  if (!extensions.transport_sequence_number) return 0;
  return kFixedHeaderSize + kExtensionHeaderSize + ExtensionElementsSize(extensions) - 2;
}

Result<size_t> WriteRtp(const RtpHeader& header, const RtpExtensions& extensions, ByteSpan payload,
                        MutableByteSpan out) {
  if (header.payload_type > 127) {
    return Fail(ErrorCode::kInvalidArgument,
                "RTP payload type " + std::to_string(header.payload_type) + " is above 127");
  }
  if (extensions.audio_level && extensions.audio_level->minus_dbov > 127) {
    return Fail(ErrorCode::kInvalidArgument,
                "audio level of -" + std::to_string(extensions.audio_level->minus_dbov) +
                    " dBov is below -127");
  }
  const size_t header_size = RtpHeaderSize(extensions);
  ByteWriter writer(out);
  writer.U8(header_size > kFixedHeaderSize ? 0x90 : 0x80);
  writer.U8(static_cast<uint8_t>((header.marker ? 0x80 : 0) | header.payload_type));
  writer.U16(header.sequence_number);
  writer.U32(header.timestamp);
  writer.U32(header.ssrc);
  if (header_size > kFixedHeaderSize) WriteExtensions(extensions, writer);
  writer.Bytes(payload);
  if (!writer.ok()) {
    return Fail(ErrorCode::kLimitExceeded,
                "RTP packet of " + std::to_string(header_size + payload.size()) +
                    " bytes does not fit a buffer of " + std::to_string(out.size()));
  }
  return writer.position();
}

RtpPacket RtpPacket::Copy(ByteSpan packet, const RtpPacketView& parsed) {
  return {.bytes = {packet.begin(), packet.end()},
          .header = parsed.header,
          .extensions = parsed.extensions,
          .sequence = parsed.header.sequence_number,
          .payload_offset = static_cast<size_t>(parsed.payload.data() - packet.data()),
          .payload_size = parsed.payload.size(),
          .transport_sequence_number_offset = parsed.transport_sequence_number_offset};
}

Result<RtpPacket> RtpPacket::Make(const RtpHeader& header, const RtpExtensions& extensions,
                                  ByteSpan payload) {
  const size_t header_size = RtpHeaderSize(extensions);
  RtpPacket packet{.bytes = std::vector<uint8_t>(header_size + payload.size()),
                   .header = header,
                   .extensions = extensions,
                   .sequence = header.sequence_number,
                   .payload_offset = header_size,
                   .payload_size = payload.size(),
                   .transport_sequence_number_offset = TransportSequenceNumberOffset(extensions)};
  if (auto written = WriteRtp(header, extensions, payload, packet.bytes); !written) {
    return std::unexpected(std::move(written.error()));
  }
  return packet;
}

void RtpPacket::SetTransportSequenceNumber(uint16_t number) {
  if (transport_sequence_number_offset == 0) return;
  extensions.transport_sequence_number = number;
  RewriteTransportSequenceNumber(bytes, transport_sequence_number_offset, number);
}

void RewriteSsrc(MutableByteSpan packet, uint32_t ssrc) {
  assert(packet.size() >= kFixedHeaderSize);
  ByteWriter(packet.subspan(8, 4)).U32(ssrc);
}

void RewriteSequenceNumber(MutableByteSpan packet, uint16_t sequence_number) {
  assert(packet.size() >= kFixedHeaderSize);
  ByteWriter(packet.subspan(2, 2)).U16(sequence_number);
}

void RewriteTimestamp(MutableByteSpan packet, uint32_t timestamp) {
  assert(packet.size() >= kFixedHeaderSize);
  ByteWriter(packet.subspan(4, 4)).U32(timestamp);
}

void RewriteTransportSequenceNumber(MutableByteSpan packet, size_t offset, uint16_t number) {
  if (offset == 0) return;
  assert(offset + 2 <= packet.size());
  ByteWriter(packet.subspan(offset, 2)).U16(number);
}

}  // namespace ferry::rtp
