#include "gateway/sfu/keyframe_detector.h"

#include "core/rtp/vp8.h"

namespace ferry::gateway {
namespace {

// RFC 9628 §4.2: I P L F B E V Z, then the picture id, then the layer indices.
bool Vp9StartsKeyframe(ByteSpan payload) {
  ByteReader reader(payload);
  const uint8_t flags = reader.U8();
  const bool has_picture_id = flags & 0x80;
  const bool inter_predicted = flags & 0x40;
  const bool has_layers = flags & 0x20;
  const bool begins_frame = flags & 0x08;
  if (has_picture_id && (reader.U8() & 0x80)) reader.U8();
  const uint8_t layers = has_layers ? reader.U8() : 0;
  const int spatial_layer = layers >> 1 & 7;
  return reader.ok() && begins_frame && !inter_predicted && spatial_layer == 0;
}

}  // namespace

bool StartsKeyframe(Codec codec, ByteSpan payload) {
  switch (codec) {
    case Codec::kOpus:
      return false;
    case Codec::kVp8: {
      const auto parsed = rtp::ParseVp8(payload);
      return parsed && parsed->starts_keyframe();
    }
    case Codec::kVp9:
      return Vp9StartsKeyframe(payload);
  }
  return false;
}

}  // namespace ferry::gateway
