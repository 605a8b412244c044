#include "core/rtp/vp8.h"

#include <algorithm>

namespace ferry::rtp {
namespace {

// RFC 7741 §4.2: bits of the descriptor's first byte, of its extension byte and of what follows.
constexpr uint8_t kExtendedBit = 0x80;
constexpr uint8_t kNonReferenceBit = 0x20;
constexpr uint8_t kStartBit = 0x10;
constexpr uint8_t kPartitionMask = 0x07;
constexpr uint8_t kPictureIdBit = 0x80;
constexpr uint8_t kTl0PictureIndexBit = 0x40;
constexpr uint8_t kTemporalIdBit = 0x20;
constexpr uint8_t kKeyIndexBit = 0x10;
constexpr uint8_t kLongPictureIdBit = 0x80;
constexpr uint8_t kLayerSyncBit = 0x20;
constexpr uint8_t kKeyIndexMask = 0x1F;

uint8_t ExtensionByte(const Vp8Descriptor& d) {
  return static_cast<uint8_t>(
      (d.picture_id ? kPictureIdBit : 0) | (d.tl0_picture_index ? kTl0PictureIndexBit : 0) |
      (d.temporal_id ? kTemporalIdBit : 0) | (d.key_index ? kKeyIndexBit : 0));
}

size_t DescriptorSize(const Vp8Descriptor& d) {
  size_t size = 1;
  if (ExtensionByte(d) != 0) size += 1;
  if (d.picture_id) size += 2;
  if (d.tl0_picture_index) size += 1;
  if (d.temporal_id || d.key_index) size += 1;
  return size;
}

void WriteDescriptor(const Vp8Descriptor& d, ByteWriter& writer) {
  const uint8_t extension = ExtensionByte(d);
  writer.U8(static_cast<uint8_t>(
      (extension != 0 ? kExtendedBit : 0) | (d.non_reference ? kNonReferenceBit : 0) |
      (d.start_of_partition ? kStartBit : 0) | (d.partition_index & kPartitionMask)));
  if (extension == 0) return;
  writer.U8(extension);
  if (d.picture_id) writer.U16(static_cast<uint16_t>(0x8000 | *d.picture_id));
  if (d.tl0_picture_index) writer.U8(*d.tl0_picture_index);
  if (d.temporal_id || d.key_index) {
    const int layer =
        d.temporal_id ? (*d.temporal_id & 3) << 6 | (d.layer_sync ? kLayerSyncBit : 0) : 0;
    writer.U8(static_cast<uint8_t>(layer | (d.key_index.value_or(0) & kKeyIndexMask)));
  }
}

void ReadExtension(ByteReader& reader, Vp8Descriptor& d) {
  const uint8_t extension = reader.U8();
  if ((extension & kPictureIdBit) != 0) {
    const uint8_t high = reader.U8();
    d.picture_id = (high & kLongPictureIdBit) != 0
                       ? static_cast<uint16_t>((high & 0x7F) << 8 | reader.U8())
                       : high;
  }
  if ((extension & kTl0PictureIndexBit) != 0) d.tl0_picture_index = reader.U8();
  if ((extension & (kTemporalIdBit | kKeyIndexBit)) != 0) {
    const uint8_t byte = reader.U8();
    if ((extension & kTemporalIdBit) != 0) {
      d.temporal_id = static_cast<uint8_t>(byte >> 6);
      d.layer_sync = (byte & kLayerSyncBit) != 0;
    }
    if ((extension & kKeyIndexBit) != 0) d.key_index = static_cast<uint8_t>(byte & kKeyIndexMask);
  }
}

}  // namespace

Result<Vp8Payload> ParseVp8(ByteSpan payload) {
  ByteReader reader(payload);
  const uint8_t first = reader.U8();
  Vp8Payload out;
  out.descriptor.non_reference = (first & kNonReferenceBit) != 0;
  out.descriptor.start_of_partition = (first & kStartBit) != 0;
  out.descriptor.partition_index = first & kPartitionMask;
  if ((first & kExtendedBit) != 0) ReadExtension(reader, out.descriptor);
  if (!reader.ok()) return Fail(ErrorCode::kTruncated, "VP8 payload ends inside its descriptor");
  if (reader.remaining() == 0) {
    return Fail(ErrorCode::kTruncated, "VP8 payload holds a descriptor and no data");
  }
  out.descriptor_size = reader.position();
  out.data = reader.Rest();
  return out;
}

std::optional<FrameSize> Vp8KeyframeSize(ByteSpan frame) {
  // Frame tag of 3 bytes (bit 0: not a key frame), start code, then width and height, 14 bits each
  // below 2 bits of scale, all little-endian.
  constexpr size_t kHeaderSize = 10;
  if (frame.size() < kHeaderSize || (frame[0] & 1) != 0) return std::nullopt;
  if (frame[3] != 0x9D || frame[4] != 0x01 || frame[5] != 0x2A) return std::nullopt;
  const FrameSize size{.width = static_cast<uint16_t>((frame[7] & 0x3F) << 8 | frame[6]),
                       .height = static_cast<uint16_t>((frame[9] & 0x3F) << 8 | frame[8])};
  if (size.width == 0 || size.height == 0) return std::nullopt;
  return size;
}

Vp8Packetizer::Vp8Packetizer(ByteSpan frame, const Vp8Descriptor& frame_descriptor,
                             size_t max_payload)
    : frame_(frame), descriptor_(frame_descriptor) {
  // Partition boundaries are not told apart: RFC 7741 §4.2 allows index 0 for the whole frame.
  descriptor_.partition_index = 0;
  const size_t descriptor_size = DescriptorSize(descriptor_);
  if (frame.empty() || max_payload <= descriptor_size) return;
  const size_t room = max_payload - descriptor_size;
  packet_count_ = (frame.size() + room - 1) / room;
}

size_t Vp8Packetizer::Next(MutableByteSpan out) {
  if (next_ == packet_count_) return 0;
  // Sizes differ by one byte at most: a short last packet would cost as much loss as a full one.
  const size_t begin = frame_.size() * next_ / packet_count_;
  const size_t end = frame_.size() * (next_ + 1) / packet_count_;
  descriptor_.start_of_partition = next_ == 0;
  ByteWriter writer(out);
  WriteDescriptor(descriptor_, writer);
  writer.Bytes(frame_.subspan(begin, end - begin));
  if (!writer.ok()) return 0;
  ++next_;
  return writer.position();
}

bool RewriteVp8PictureId(MutableByteSpan payload, uint16_t picture_id) {
  if (payload.size() < 4 || (payload[0] & kExtendedBit) == 0 || (payload[1] & kPictureIdBit) == 0 ||
      (payload[2] & kLongPictureIdBit) == 0) {
    return false;
  }
  payload[2] = static_cast<uint8_t>(kLongPictureIdBit | (picture_id >> 8 & 0x7F));
  payload[3] = static_cast<uint8_t>(picture_id);
  return true;
}

}  // namespace ferry::rtp
