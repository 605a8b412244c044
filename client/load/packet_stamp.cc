#include "client/load/packet_stamp.h"

#include <zlib.h>

namespace ferry::client {
namespace {

constexpr size_t kChecksumOffset = kStampBytes - 4;

uint32_t Checksum(ByteSpan bytes) {
  const uLong head = crc32_z(0, bytes.data(), kChecksumOffset);
  return static_cast<uint32_t>(
      crc32_z(head, bytes.data() + kStampBytes, bytes.size() - kStampBytes));
}

}  // namespace

void WriteStamp(const PacketStamp& stamp, MutableByteSpan out) {
  ByteWriter writer(out);
  writer.U32(stamp.stream);
  writer.U32(stamp.counter);
  writer.U64(static_cast<uint64_t>(stamp.sent.us()));
  writer.U32(stamp.frame);
  writer.U16(stamp.index);
  writer.U16(stamp.count);
  writer.U16(stamp.moves);
  writer.U16(static_cast<uint16_t>(out.size()));
  writer.U32(Checksum(out));
}

std::optional<PacketStamp> ReadStamp(ByteSpan bytes) {
  if (bytes.size() < kStampBytes) return std::nullopt;
  ByteReader reader(bytes);
  PacketStamp stamp;
  stamp.stream = reader.U32();
  stamp.counter = reader.U32();
  stamp.sent = Timestamp::Micros(static_cast<int64_t>(reader.U64()));
  stamp.frame = reader.U32();
  stamp.index = reader.U16();
  stamp.count = reader.U16();
  stamp.moves = reader.U16();
  if (reader.U16() != bytes.size() || reader.U32() != Checksum(bytes)) return std::nullopt;
  return stamp;
}

}  // namespace ferry::client
