// VP8 payload format: RFC 7741.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"

namespace ferry::rtp {

// RFC 7741 §4.2.
struct Vp8Descriptor {
  bool start_of_partition = false;
  uint8_t partition_index = 0;
  bool non_reference = false;
  std::optional<uint16_t> picture_id;  // 7 or 15 bits
  std::optional<uint8_t> tl0_picture_index;
  std::optional<uint8_t> temporal_id;
  bool layer_sync = false;
  std::optional<uint8_t> key_index;
  bool operator==(const Vp8Descriptor&) const = default;
};

struct Vp8Payload {
  Vp8Descriptor descriptor;
  size_t descriptor_size = 0;
  ByteSpan data;  // what follows the descriptor
  // The first packet of a frame; and of a key frame (RFC 7741 §4.3: P bit of the frame header).
  bool starts_frame() const {
    return descriptor.start_of_partition && descriptor.partition_index == 0;
  }
  bool starts_keyframe() const { return starts_frame() && !data.empty() && (data[0] & 1) == 0; }
};

Result<Vp8Payload> ParseVp8(ByteSpan payload);

struct FrameSize {
  uint16_t width = 0;
  uint16_t height = 0;
};
// Size told by a key frame's header (RFC 6386 §9.1), nullopt when it is not one.
std::optional<FrameSize> Vp8KeyframeSize(ByteSpan frame);

// Splits encoded frames into payloads of about equal size. The frame must stay alive while its
// payloads are taken.
class Vp8Packetizer {
 public:
  // `max_payload` is the room for descriptor and data. The picture id is always written 15 bits
  // wide.
  Vp8Packetizer(ByteSpan frame, const Vp8Descriptor& frame_descriptor, size_t max_payload);

  size_t packet_count() const { return packet_count_; }
  // Writes the next payload to `out` and returns its size; 0 when none is left.
  size_t Next(MutableByteSpan out);

 private:
  ByteSpan frame_;
  Vp8Descriptor descriptor_;
  size_t packet_count_ = 0;
  size_t next_ = 0;
};

// For forwarding: replaces a 15-bit picture id in place; false when the payload has none.
bool RewriteVp8PictureId(MutableByteSpan payload, uint16_t picture_id);

}  // namespace ferry::rtp
