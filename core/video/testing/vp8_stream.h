// Test help: a stream of VP8 packets with made-up content.
#pragma once

#include <cstdint>
#include <vector>

#include "core/rtp/rtp_packet.h"
#include "core/rtp/vp8.h"

namespace ferry::video::testing {

class Vp8Stream {
 public:
  explicit Vp8Stream(int64_t first_sequence = 0) : sequence_(first_sequence) {}

  // The packets of the next frame, 33.3 ms after the one before.
  std::vector<rtp::RtpPacket> Frame(size_t size, bool keyframe) {
    frame_.resize(size);
    for (size_t i = 0; i < size; ++i) frame_[i] = static_cast<uint8_t>(i * 7 + timestamp_);
    // Bit 0 of the frame tag: 0 for a key frame (RFC 6386 §9.1).
    frame_[0] = static_cast<uint8_t>((frame_[0] & ~1) | (keyframe ? 0 : 1));
    rtp::Vp8Packetizer packetizer(frame_, {.picture_id = picture_id_++}, 1000);
    std::vector<rtp::RtpPacket> packets;
    std::vector<uint8_t> buffer(1000);
    while (const size_t n = packetizer.Next(buffer)) {
      const rtp::RtpHeader header = {.payload_type = rtp::kVp8PayloadType,
                                     .marker = packets.size() + 1 == packetizer.packet_count(),
                                     .sequence_number = static_cast<uint16_t>(sequence_),
                                     .timestamp = timestamp_,
                                     .ssrc = 1};
      packets.push_back(*rtp::RtpPacket::Make(header, {}, ByteSpan(buffer).first(n)));
      packets.back().sequence = sequence_++;
    }
    timestamp_ += 3000;
    return packets;
  }
  const std::vector<uint8_t>& last_frame() const { return frame_; }

 private:
  int64_t sequence_;
  uint16_t picture_id_ = 0;
  uint32_t timestamp_ = 4'000'000'000u;
  std::vector<uint8_t> frame_;
};

}  // namespace ferry::video::testing
