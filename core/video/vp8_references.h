// What of a VP8 stream with temporal layers has been decoded, and which frames it is enough for
// (RFC 7741 §4.2: TID, TL0PICIDX, Y). Frames of a stream without them refer to the one before.
#pragma once

#include <cstdint>
#include <optional>

#include "core/rtp/vp8.h"

namespace ferry::video {

class Vp8References {
 public:
  // Whether a frame of this descriptor refers to nothing but what has been decoded, as far as its
  // layers tell; false where they tell nothing.
  bool Satisfied(const rtp::Vp8Descriptor& frame) const {
    if (!base_ || !frame.temporal_id || !frame.tl0_picture_index) return false;
    const uint8_t base = *frame.tl0_picture_index;
    // The base refers to the base before it.
    if (*frame.temporal_id == 0) return base == static_cast<uint8_t>(*base_ + 1);
    // What is synchronised refers to the base alone, another to the frame before as well.
    return base == *base_ && (frame.layer_sync || Follows(frame));
  }
  void OnDecoded(const rtp::Vp8Descriptor& frame) {
    base_ = frame.temporal_id ? frame.tl0_picture_index : std::nullopt;
    picture_id_ = frame.picture_id;
  }

 private:
  static constexpr uint16_t kPictureIdMask = 0x7FFF;

  bool Follows(const rtp::Vp8Descriptor& frame) const {
    return picture_id_ && frame.picture_id &&
           *frame.picture_id == ((*picture_id_ + 1) & kPictureIdMask);
  }

  std::optional<uint8_t> base_;         // TL0PICIDX of the newest frame of the base
  std::optional<uint16_t> picture_id_;  // of the newest frame
};

}  // namespace ferry::video
