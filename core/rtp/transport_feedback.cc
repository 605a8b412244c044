// Transport-wide feedback: draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.
#include <algorithm>
#include <array>
#include <string>

#include "core/rtp/rtcp_part.h"

namespace ferry::rtp::internal {
namespace {

constexpr int64_t kTickUs = 250;

// §3.1.1: what is known of one packet, and the size of its delta.
enum Symbol : uint8_t { kNotReceived = 0, kSmallDelta = 1, kLargeDelta = 2, kReserved = 3 };

// Chunks of 16 bits (§3.1.3, §3.1.4): a run, 14 symbols of one bit, or 7 of two.
constexpr size_t kMaxRun = 0x1FFF;
constexpr size_t kOneBitSymbols = 14;
constexpr size_t kTwoBitSymbols = 7;

using Symbols = std::array<uint8_t, kMaxFeedbackPackets>;

// Writes the chunk's symbols to `out`, at most `room`, and returns how many.
size_t ExpandChunk(uint16_t chunk, uint8_t* out, size_t room) {
  if ((chunk & 0x8000) == 0) {
    const size_t run = std::min<size_t>(chunk & kMaxRun, room);
    std::fill_n(out, run, static_cast<uint8_t>(chunk >> 13 & 3));
    return run;
  }
  const bool two_bits = (chunk & 0x4000) != 0;
  const size_t count = std::min(two_bits ? kTwoBitSymbols : kOneBitSymbols, room);
  for (size_t i = 0; i < count; ++i) {
    out[i] = static_cast<uint8_t>(two_bits ? chunk >> (12 - 2 * i) & 3 : chunk >> (13 - i) & 1);
  }
  return count;
}

// Takes the chunk that covers most of the symbols from the front, and returns how many.
size_t WriteChunk(std::span<const uint8_t> symbols, PartWriter& writer) {
  const auto run_end =
      std::find_if(symbols.begin(), symbols.end(), [&](uint8_t s) { return s != symbols.front(); });
  const size_t run = std::min<size_t>(run_end - symbols.begin(), kMaxRun);
  const size_t one_bit = std::min(symbols.size(), kOneBitSymbols);
  const size_t two_bits = std::min(symbols.size(), kTwoBitSymbols);
  const bool any_large = std::ranges::find(symbols.first(one_bit), kLargeDelta) !=
                         symbols.begin() + static_cast<ptrdiff_t>(one_bit);
  if (run >= (any_large ? two_bits : one_bit)) {
    writer.U16(static_cast<uint16_t>(symbols.front() << 13 | run));
    return run;
  }
  unsigned chunk = any_large ? 0xC000 : 0x8000;
  const size_t count = any_large ? two_bits : one_bit;
  for (size_t i = 0; i < count; ++i) {
    chunk |= static_cast<unsigned>(symbols[i]) << (any_large ? 12 - 2 * i : 13 - i);
  }
  writer.U16(static_cast<uint16_t>(chunk));
  return count;
}

// Arrival in ticks after the reference time, rounded; false when no format could tell it.
bool ToTicks(Duration arrival, int64_t& ticks) {
  constexpr Duration kFarthest = Duration::Seconds(INT16_MAX);
  if (arrival > kFarthest || arrival < -kFarthest) return false;
  const int64_t half = arrival < Duration::Zero() ? -kTickUs / 2 : kTickUs / 2;
  ticks = (arrival.us() + half) / kTickUs;
  return true;
}

// Finds each packet's symbol, and each received packet's delta to the one received before it.
Result<void> ToSymbols(const std::vector<PacketArrival>& packets, Symbols& symbols,
                       std::vector<int16_t>& deltas) {
  int64_t previous = 0;
  for (size_t i = 0; i < packets.size(); ++i) {
    const PacketArrival& packet = packets[i];
    if (packet.sequence_number != static_cast<uint16_t>(packets[0].sequence_number + i)) {
      return Fail(ErrorCode::kInvalidArgument,
                  "transport feedback is not consecutive at sequence number " +
                      std::to_string(packet.sequence_number));
    }
    symbols[i] = kNotReceived;
    if (!packet.received) continue;
    int64_t ticks = 0;
    if (!ToTicks(packet.arrival, ticks) || ticks - previous > INT16_MAX ||
        ticks - previous < INT16_MIN) {
      return Fail(ErrorCode::kInvalidArgument, "arrival of packet " +
                                                   std::to_string(packet.sequence_number) +
                                                   " is more than 8.19 s from the one before it");
    }
    const int64_t delta = ticks - previous;
    symbols[i] = delta >= 0 && delta <= UINT8_MAX ? kSmallDelta : kLargeDelta;
    deltas.push_back(static_cast<int16_t>(delta));
    previous = ticks;
  }
  return {};
}

Result<void> ReadSymbols(ByteReader& reader, size_t count, Symbols& symbols) {
  for (size_t known = 0; known < count;) {
    const uint16_t chunk = reader.U16();
    if (!reader.ok()) {
      return Fail(ErrorCode::kTruncated, "transport feedback has the status of " +
                                             std::to_string(known) + " packets out of " +
                                             std::to_string(count));
    }
    known += ExpandChunk(chunk, symbols.data() + known, count - known);
  }
  if (std::find(symbols.begin(), symbols.begin() + static_cast<ptrdiff_t>(count), kReserved) !=
      symbols.begin() + static_cast<ptrdiff_t>(count)) {
    return Fail(ErrorCode::kMalformed, "transport feedback uses the reserved packet status 3");
  }
  return {};
}

}  // namespace

Result<TransportFeedback> ParseTransportFeedback(const Part& part) {
  ByteReader reader(part.body);
  TransportFeedback feedback;
  feedback.sender_ssrc = reader.U32();
  feedback.media_ssrc = reader.U32();
  const uint16_t base = reader.U16();
  const size_t count = reader.U16();
  feedback.reference_time = static_cast<int32_t>(reader.U24() << 8) >> 8;
  feedback.feedback_count = reader.U8();
  if (!reader.ok()) return Fail(ErrorCode::kTruncated, "transport feedback ends in its header");
  if (count == 0) return Fail(ErrorCode::kMalformed, "transport feedback tells of no packet");
  if (count > kMaxFeedbackPackets) {
    return Fail(ErrorCode::kLimitExceeded,
                "transport feedback tells of " + std::to_string(count) + " packets, at most " +
                    std::to_string(kMaxFeedbackPackets) + " are accepted");
  }
  Symbols symbols;
  if (auto read = ReadSymbols(reader, count, symbols); !read) {
    return std::unexpected(std::move(read.error()));
  }
  feedback.packets.resize(count);
  int64_t ticks = 0;
  for (size_t i = 0; i < count; ++i) {
    PacketArrival& packet = feedback.packets[i];
    packet.sequence_number = static_cast<uint16_t>(base + i);
    packet.received = symbols[i] != kNotReceived;
    if (symbols[i] == kSmallDelta) ticks += reader.U8();
    if (symbols[i] == kLargeDelta) ticks += static_cast<int16_t>(reader.U16());
    if (packet.received) packet.arrival = Duration::Micros(ticks * kTickUs);
  }
  if (!reader.ok()) {
    return Fail(ErrorCode::kTruncated, "transport feedback lacks deltas of received packets");
  }
  return feedback;
}

Result<void> Write(const TransportFeedback& feedback, std::vector<uint8_t>& out) {
  const std::vector<PacketArrival>& packets = feedback.packets;
  if (packets.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "transport feedback tells of no packet");
  }
  if (packets.size() > kMaxFeedbackPackets) {
    return Fail(ErrorCode::kLimitExceeded,
                "transport feedback of " + std::to_string(packets.size()) + " packets, at most " +
                    std::to_string(kMaxFeedbackPackets) + " are allowed");
  }
  Symbols symbols;
  std::vector<int16_t> deltas;
  deltas.reserve(packets.size());
  if (auto converted = ToSymbols(packets, symbols, deltas); !converted) return converted;

  PartWriter writer(kTransportWideFormat, kTransportFeedbackType, out);
  writer.U32(feedback.sender_ssrc);
  writer.U32(feedback.media_ssrc);
  writer.U16(packets[0].sequence_number);
  writer.U16(static_cast<uint16_t>(packets.size()));
  writer.U24(static_cast<uint32_t>(feedback.reference_time) & 0xFFFFFF);
  writer.U8(feedback.feedback_count);
  for (size_t i = 0; i < packets.size();) {
    i += WriteChunk(std::span(symbols).subspan(i, packets.size() - i), writer);
  }
  for (const int16_t delta : deltas) {
    if (delta >= 0 && delta <= UINT8_MAX) {
      writer.U8(static_cast<uint8_t>(delta));
    } else {
      writer.U16(static_cast<uint16_t>(delta));
    }
  }
  return {};
}

}  // namespace ferry::rtp::internal
