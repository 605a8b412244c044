#include "gateway/sfu/payload_facts.h"

#include "core/rtp/vp8.h"

namespace ferry::gateway {
namespace {

constexpr uint8_t kLongPictureId = 0x80;

// RFC 7741 §4.2: the descriptor's first byte, its extension byte, the picture id, TL0PICIDX.
PayloadFacts Vp8Facts(ByteSpan payload) {
  const auto parsed = rtp::ParseVp8(payload);
  if (!parsed) return {};
  const rtp::Vp8Descriptor& descriptor = parsed->descriptor;
  PayloadFacts facts{.starts_frame = parsed->starts_frame(),
                     .starts_keyframe = parsed->starts_keyframe(),
                     .temporal_id = descriptor.temporal_id.value_or(0),
                     .layer_sync = descriptor.layer_sync};
  uint8_t offset = 2;
  if (descriptor.picture_id) {
    const bool is_long = (payload[offset] & kLongPictureId) != 0;
    if (is_long) {
      facts.picture_id_offset = offset;
      facts.numbers.picture_id = *descriptor.picture_id;
    }
    offset = static_cast<uint8_t>(offset + (is_long ? 2 : 1));
  }
  if (descriptor.tl0_picture_index) {
    facts.tl0_index_offset = offset;
    facts.numbers.tl0_index = *descriptor.tl0_picture_index;
  }
  return facts;
}

// RFC 9628 §4.2: I P L F B E V Z, then the picture id, then the layer indices, and TL0PICIDX unless
// in flexible mode.
PayloadFacts Vp9Facts(ByteSpan payload) {
  ByteReader reader(payload);
  const uint8_t flags = reader.U8();
  const bool inter_predicted = flags & 0x40;
  const bool has_layers = flags & 0x20;
  const bool flexible = flags & 0x10;
  PayloadFacts facts{.starts_frame = (flags & 0x08) != 0};
  if ((flags & 0x80) != 0) {
    const uint8_t high = reader.U8();
    if ((high & kLongPictureId) != 0) {
      facts.picture_id_offset = 1;
      facts.numbers.picture_id = static_cast<uint16_t>((high & 0x7F) << 8 | reader.U8());
    }
  }
  const uint8_t layers = has_layers ? reader.U8() : 0;
  facts.temporal_id = layers >> 5;
  facts.layer_sync = (layers & 0x10) != 0;
  if (has_layers && !flexible) {
    facts.tl0_index_offset = static_cast<uint8_t>(reader.position());
    facts.numbers.tl0_index = reader.U8();
  }
  const int spatial_layer = layers >> 1 & 7;
  facts.starts_frame = facts.starts_frame && spatial_layer == 0;
  facts.starts_keyframe = facts.starts_frame && !inter_predicted;
  return reader.ok() ? facts : PayloadFacts{};
}

}  // namespace

PayloadFacts FactsOf(Codec codec, ByteSpan payload) {
  switch (codec) {
    case Codec::kOpus:
      return {.starts_frame = true};
    case Codec::kVp8:
      return Vp8Facts(payload);
    case Codec::kVp9:
      return Vp9Facts(payload);
  }
  return {};
}

}  // namespace ferry::gateway
