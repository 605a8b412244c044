// Generic NACK: RFC 4585 §6.2.1.
#include <bit>
#include <string>

#include "core/rtp/rtcp_part.h"

namespace ferry::rtp::internal {
namespace {

constexpr size_t kEntrySize = 4;
constexpr size_t kPacketsPerEntry = 17;  // the packet id and 16 bits of mask
constexpr size_t kMaxEntries = kMaxNackedPackets / kPacketsPerEntry;

}  // namespace

Result<Nack> ParseNack(const Part& part) {
  ByteReader reader(part.body);
  Nack nack;
  nack.sender_ssrc = reader.U32();
  nack.media_ssrc = reader.U32();
  const size_t entries = reader.remaining() / kEntrySize;
  if (!reader.ok() || entries == 0 || reader.remaining() % kEntrySize != 0) {
    return Fail(ErrorCode::kMalformed, "RTCP NACK of " + std::to_string(part.body.size()) +
                                           " bytes does not hold whole entries, at least one");
  }
  if (entries > kMaxEntries) {
    return Fail(ErrorCode::kLimitExceeded, "RTCP NACK has " + std::to_string(entries) +
                                               " entries, at most " + std::to_string(kMaxEntries) +
                                               " are accepted");
  }
  nack.sequence_numbers.reserve(entries);
  for (size_t i = 0; i < entries; ++i) {
    const uint16_t packet_id = reader.U16();
    nack.sequence_numbers.push_back(packet_id);
    // Bit i stands for packet id + i + 1.
    for (unsigned mask = reader.U16(); mask != 0; mask &= mask - 1) {
      nack.sequence_numbers.push_back(
          static_cast<uint16_t>(packet_id + 1 + std::countr_zero(mask)));
    }
  }
  return nack;
}

Result<void> Write(const Nack& nack, std::vector<uint8_t>& out) {
  const std::vector<uint16_t>& numbers = nack.sequence_numbers;
  if (numbers.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "RTCP NACK without sequence numbers");
  }
  PartWriter writer(kNackFormat, kTransportFeedbackType, out);
  writer.U32(nack.sender_ssrc);
  writer.U32(nack.media_ssrc);
  size_t entries = 0;
  for (size_t i = 0; i < numbers.size(); ++entries) {
    if (entries == kMaxEntries) {
      return Fail(ErrorCode::kLimitExceeded, "RTCP NACK of " + std::to_string(numbers.size()) +
                                                 " sequence numbers takes more than " +
                                                 std::to_string(kMaxEntries) + " entries");
    }
    const uint16_t packet_id = numbers[i++];
    uint32_t mask = 0;
    // A number joins the entry while it comes after all that are in it, so that order is kept.
    for (; i < numbers.size(); ++i) {
      const uint16_t distance = static_cast<uint16_t>(numbers[i] - packet_id);
      if (distance == 0 || distance >= kPacketsPerEntry || mask >> (distance - 1) != 0) break;
      mask |= 1u << (distance - 1);
    }
    writer.U16(packet_id);
    writer.U16(static_cast<uint16_t>(mask));
  }
  return {};
}

}  // namespace ferry::rtp::internal
