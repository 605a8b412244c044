#include "net/websocket/frame_writer.h"

#include <algorithm>
#include <bit>

namespace ferry::net {

void ApplyMask(MutableByteSpan bytes, const MaskingKey& key) {
  // Eight bytes at a time: XOR goes byte by byte, so the order of bytes in the word is no matter.
  const auto half = std::bit_cast<uint32_t>(key);
  const uint64_t word_key = uint64_t{half} << 32 | half;
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= bytes.size(); i += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, &bytes[i], sizeof(word));
    word ^= word_key;
    std::memcpy(&bytes[i], &word, sizeof(word));
  }
  for (; i < bytes.size(); ++i) bytes[i] ^= key[i % key.size()];
}

void AppendFrame(std::vector<uint8_t>& out, Opcode opcode, ByteSpan payload,
                 const MaskingKey* mask) {
  std::array<uint8_t, kMaxFrameHeader> header;
  ByteWriter writer(header);
  const uint8_t mask_bit = mask != nullptr ? 0x80 : 0;
  writer.U8(static_cast<uint8_t>(0x80 | static_cast<uint8_t>(opcode)));
  if (payload.size() < 126) {
    writer.U8(static_cast<uint8_t>(mask_bit | payload.size()));
  } else if (payload.size() <= 0xFFFF) {
    writer.U8(mask_bit | 126);
    writer.U16(static_cast<uint16_t>(payload.size()));
  } else {
    writer.U8(mask_bit | 127);
    writer.U64(payload.size());
  }
  if (mask != nullptr) writer.Bytes(*mask);
  out.insert(out.end(), header.begin(), header.begin() + static_cast<ptrdiff_t>(writer.position()));
  out.insert(out.end(), payload.begin(), payload.end());
  if (mask != nullptr) ApplyMask(MutableByteSpan(out).last(payload.size()), *mask);
}

void AppendClose(std::vector<uint8_t>& out, uint16_t code, std::string_view reason,
                 const MaskingKey* mask) {
  std::array<uint8_t, kMaxControlFramePayload> payload;
  ByteWriter writer(payload);
  writer.U16(code);
  size_t size = std::min(reason.size(), writer.remaining());
  // Not within a character: its further bytes are 10xxxxxx.
  while (size < reason.size() && size > 0 && (static_cast<uint8_t>(reason[size]) & 0xC0) == 0x80) {
    --size;
  }
  writer.Bytes({reinterpret_cast<const uint8_t*>(reason.data()), size});
  AppendFrame(out, Opcode::kClose, ByteSpan(payload).first(writer.position()), mask);
}

}  // namespace ferry::net
