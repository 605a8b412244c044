// Media packets for tests.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/rtp/rtcp.h"
#include "core/rtp/rtp_packet.h"
#include "gateway/sfu/packet_pool.h"

namespace ferry::gateway::testing {

struct TestPacket {
  uint32_t ssrc = 1;
  uint16_t sequence = 0;
  uint32_t timestamp = 0;
  bool marker = true;
  uint8_t payload_type = rtp::kVp8PayloadType;
  bool keyframe = false;  // of video: first packet of a key frame
  bool first = true;      // of video: first packet of its frame
  size_t payload_size = 100;
  std::optional<uint16_t> transport_sequence = 0;
  std::optional<AudioLevel> audio_level;
  // Of video: with it the long descriptor is written, the numbers below included.
  std::optional<uint16_t> picture_id;
  uint8_t tl0_index = 0;
  uint8_t temporal_id = 0;
  bool layer_sync = false;
};

inline std::vector<uint8_t> Bytes(const TestPacket& p) {
  std::vector<uint8_t> payload(std::max<size_t>(p.payload_size, 8), 0xAB);
  if (p.payload_type == rtp::kVp8PayloadType && p.picture_id) {
    payload[0] = p.first ? 0x90 : 0x80;
    payload[1] = 0xE0;  // picture id, TL0PICIDX, temporal id
    payload[2] = static_cast<uint8_t>(0x80 | *p.picture_id >> 8);
    payload[3] = static_cast<uint8_t>(*p.picture_id);
    payload[4] = p.tl0_index;
    payload[5] = static_cast<uint8_t>(p.temporal_id << 6 | (p.layer_sync ? 0x20 : 0));
    payload[6] = p.keyframe ? 0x00 : 0x01;
  } else if (p.payload_type == rtp::kVp9PayloadType && p.picture_id) {
    // RFC 9628 §4.2: I, P, L, B, E; the picture id, layer indices, TL0PICIDX.
    payload[0] = static_cast<uint8_t>(0xA0 | (p.keyframe ? 0 : 0x40) | (p.first ? 0x08 : 0) |
                                      (p.marker ? 0x04 : 0));
    payload[1] = static_cast<uint8_t>(0x80 | *p.picture_id >> 8);
    payload[2] = static_cast<uint8_t>(*p.picture_id);
    payload[3] = static_cast<uint8_t>(p.temporal_id << 5 | (p.layer_sync ? 0x10 : 0));
    payload[4] = p.tl0_index;
  } else if (p.payload_type == rtp::kVp8PayloadType) {
    payload[0] = p.first ? 0x10 : 0x00;  // VP8 descriptor: S bit
    payload[1] = p.keyframe ? 0x00 : 0x01;
  }
  std::array<uint8_t, rtp::kMaxReceivedPacketSize> out{};
  rtp::RtpHeader header;
  header.payload_type = p.payload_type;
  header.marker = p.marker;
  header.sequence_number = p.sequence;
  header.timestamp = p.timestamp;
  header.ssrc = p.ssrc;
  rtp::RtpExtensions extensions;
  extensions.audio_level = p.audio_level;
  extensions.transport_sequence_number = p.transport_sequence;
  const auto size = rtp::WriteRtp(header, extensions, payload, out);
  return size ? std::vector<uint8_t>(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*size))
              : std::vector<uint8_t>();
}

inline PacketRef Make(PacketPool& pool, const TestPacket& p) {
  const auto bytes = Bytes(p);
  const auto view = *rtp::ParseRtp(bytes);
  const Codec codec = p.payload_type == rtp::kVp8PayloadType ? Codec::kVp8 : Codec::kOpus;
  return pool.Make(bytes, view, FactsOf(codec, view.payload));
}

inline std::vector<uint8_t> Rtcp(const rtp::RtcpPacket& packet) {
  std::vector<uint8_t> bytes;
  static_cast<void>(rtp::AppendRtcp(packet, bytes));
  return bytes;
}

}  // namespace ferry::gateway::testing
