#include "core/fec/repair_packet.h"

#include <algorithm>

namespace ferry::fec {
namespace {

constexpr size_t kSizeBytes = 2;

}  // namespace

uint8_t Coefficient(uint16_t key, uint16_t number) {
  // The finaliser of MurmurHash3: each bit of the input decides over each of the output.
  uint32_t hash = static_cast<uint32_t>(key) << 16 | number;
  hash = (hash ^ hash >> 16) * 0x85EBCA6B;
  hash = (hash ^ hash >> 13) * 0xC2B2AE35;
  return static_cast<uint8_t>(1 + (hash ^ hash >> 16) % 255);
}

std::vector<uint8_t> MakeSymbol(ByteSpan packet, size_t number_offset) {
  std::vector<uint8_t> symbol;
  symbol.reserve(kSizeBytes + packet.size());
  symbol.push_back(static_cast<uint8_t>(packet.size() >> 8));
  symbol.push_back(static_cast<uint8_t>(packet.size()));
  symbol.insert(symbol.end(), packet.begin(), packet.end());
  symbol[kSizeBytes + number_offset] = symbol[kSizeBytes + number_offset + 1] = 0;
  return symbol;
}

ByteSpan PacketOf(ByteSpan symbol) {
  ByteReader reader(symbol);
  return reader.Bytes(reader.U16());
}

std::vector<uint8_t> WriteRepairPayload(const RepairPayload& payload) {
  const uint16_t first = payload.numbers.front();
  const auto distance = [&](uint16_t number) { return static_cast<uint16_t>(number - first); };
  const size_t mask_size = distance(payload.numbers.back()) / size_t{8} + 1;
  std::vector<uint8_t> bytes(2 + 2 + 1 + mask_size + payload.sum.size());
  ByteWriter writer(bytes);
  writer.U16(payload.key);
  writer.U16(first);
  writer.U8(static_cast<uint8_t>(mask_size));
  const size_t mask = writer.position();
  for (const uint16_t number : payload.numbers) {
    bytes[mask + distance(number) / 8] |= static_cast<uint8_t>(0x80 >> distance(number) % 8);
  }
  std::ranges::copy(payload.sum, bytes.begin() + static_cast<std::ptrdiff_t>(mask + mask_size));
  return bytes;
}

Result<RepairPayload> ParseRepairPayload(ByteSpan bytes) {
  ByteReader reader(bytes);
  RepairPayload payload{.key = reader.U16()};
  const uint16_t first = reader.U16();
  const ByteSpan mask = reader.Bytes(reader.U8());
  if (!reader.ok()) return Fail(ErrorCode::kTruncated, "a repair packet ends inside its header");
  if (mask.empty() || mask.size() > kMaxSpan / 8) {
    return Fail(ErrorCode::kMalformed, "a repair packet's mask of an impossible size");
  }
  if ((mask.front() & 0x80) == 0) {
    return Fail(ErrorCode::kMalformed, "a repair packet that does not protect its first number");
  }
  for (size_t i = 0; i < mask.size() * 8; ++i) {
    if ((mask[i / 8] & 0x80 >> i % 8) != 0) {
      payload.numbers.push_back(static_cast<uint16_t>(first + i));
    }
  }
  payload.sum = reader.Rest();
  if (payload.sum.size() <= kSizeBytes) {
    return Fail(ErrorCode::kTruncated, "a repair packet without a sum");
  }
  return payload;
}

}  // namespace ferry::fec
