// Tells which packet begins a key frame, from the payload descriptors alone.
#pragma once

#include "core/base/bytes.h"
#include "gateway/sfu/stream.h"

namespace ferry::gateway {

// True for the first packet of a frame that can be decoded without any before it: RFC 7741 §4.2-4.3
// (VP8), RFC 9628 §4.2 (VP9). Audio has none. A malformed payload is none.
bool StartsKeyframe(Codec codec, ByteSpan payload);

}  // namespace ferry::gateway
