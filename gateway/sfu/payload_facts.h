// What forwarding needs to know of a payload, from its descriptor alone: where frames and key
// frames begin, the temporal layer, and the numbers that have to stay continuous when layers
// change.
#pragma once

#include "core/base/bytes.h"
#include "gateway/sfu/stream.h"

namespace ferry::gateway {

// Picture id and TL0PICIDX as offset from the publisher's numbers, or as the numbers themselves.
struct PictureNumbers {
  uint16_t picture_id = 0;  // 15 bits
  uint8_t tl0_index = 0;
};

struct PayloadFacts {
  bool starts_frame = false;
  // First packet of a frame that can be decoded without any before it: RFC 7741 §4.2-4.3 (VP8),
  // RFC 9628 §4.2 (VP9). Audio has none.
  bool starts_keyframe = false;
  uint8_t temporal_id = 0;
  // Depends on no frame of its temporal layer: from here on the layer can be decoded.
  bool layer_sync = false;
  // Where they stand in the payload; 0: absent, or a picture id of 7 bits.
  uint8_t picture_id_offset = 0;
  uint8_t tl0_index_offset = 0;
  PictureNumbers numbers;
};

// A malformed payload has no facts.
PayloadFacts FactsOf(Codec codec, ByteSpan payload);

}  // namespace ferry::gateway
