#include "core/rtp/rtcp.h"

#include <optional>
#include <string>

#include "core/rtp/rtcp_part.h"

namespace ferry::rtp {
namespace internal {

PartWriter::PartWriter(uint8_t count, uint8_t type, std::vector<uint8_t>& out)
    : out_(out), start_(out.size()) {
  U8(static_cast<uint8_t>(0x80 | count));
  U8(type);
  U16(0);  // the length, known at the end
}

PartWriter::~PartWriter() {
  while ((out_.size() - start_) % 4 != 0) U8(0);
  // RFC 3550 §6.4.1: in words, less one.
  const size_t words = (out_.size() - start_) / 4 - 1;
  out_[start_ + 2] = static_cast<uint8_t>(words >> 8);
  out_[start_ + 3] = static_cast<uint8_t>(words);
}

void PartWriter::Unsigned(uint64_t value, size_t count) {
  for (size_t shift = 8 * count; shift != 0; shift -= 8) {
    U8(static_cast<uint8_t>(value >> (shift - 8)));
  }
}

namespace {

Result<Part> NextPart(ByteReader& reader) {
  const uint8_t first = reader.U8();
  const uint8_t type = reader.U8();
  const size_t size = size_t{4} * reader.U16();
  if (reader.ok() && first >> 6 != 2) {
    return Fail(ErrorCode::kMalformed, "RTCP version is " + std::to_string(first >> 6) + ", not 2");
  }
  const size_t remaining = reader.remaining();
  ByteSpan body = reader.Bytes(size);
  if (!reader.ok()) {
    return Fail(ErrorCode::kTruncated, "RTCP packet of type " + std::to_string(type) +
                                           " promises " + std::to_string(size) + " bytes, " +
                                           std::to_string(remaining) + " are left");
  }
  if ((first & 0x20) != 0) {
    // Some senders pad to the word with a count that is no multiple of four: accepted.
    const size_t padding = body.empty() ? 0 : body.back();
    if (padding == 0 || padding > body.size()) {
      return Fail(ErrorCode::kMalformed, "RTCP padding of " + std::to_string(padding) +
                                             " bytes in a packet of " +
                                             std::to_string(body.size()));
    }
    body = body.first(body.size() - padding);
  }
  return Part{.count = static_cast<uint8_t>(first & 0x1F), .type = type, .body = body};
}

template <typename T>
Result<std::optional<RtcpPacket>> Wrap(Result<T> parsed) {
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  return RtcpPacket(std::move(*parsed));
}

Result<std::optional<RtcpPacket>> ParsePart(const Part& part) {
  switch (part.type) {
    case kSenderReportType:
      return Wrap(ParseSenderReport(part));
    case kReceiverReportType:
      return Wrap(ParseReceiverReport(part));
    case kByeType:
      return Wrap(ParseBye(part));
    case kTransportFeedbackType:
      if (part.count == kNackFormat) return Wrap(ParseNack(part));
      if (part.count == kTransportWideFormat) return Wrap(ParseTransportFeedback(part));
      break;
    case kPayloadFeedbackType:
      if (part.count == kPliFormat) return Wrap(ParsePli(part));
      break;
  }
  return std::nullopt;
}

}  // namespace
}  // namespace internal

Result<std::vector<RtcpPacket>> ParseRtcp(ByteSpan packet) {
  if (packet.empty()) return Fail(ErrorCode::kTruncated, "RTCP packet is empty");
  if (packet.size() > kMaxReceivedPacketSize) {
    return Fail(ErrorCode::kLimitExceeded, "RTCP packet of " + std::to_string(packet.size()) +
                                               " bytes is larger than " +
                                               std::to_string(kMaxReceivedPacketSize));
  }
  std::vector<RtcpPacket> out;
  size_t arrivals = 0;
  ByteReader reader(packet);
  while (reader.remaining() != 0) {
    const auto part = internal::NextPart(reader);
    if (!part) return std::unexpected(part.error());
    auto parsed = internal::ParsePart(*part);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    if (!*parsed) continue;
    if (const auto* feedback = std::get_if<TransportFeedback>(&**parsed)) {
      arrivals += feedback->packets.size();
    }
    if (arrivals > kMaxFeedbackPackets) {
      return Fail(ErrorCode::kLimitExceeded,
                  "transport feedback in one compound tells of more than " +
                      std::to_string(kMaxFeedbackPackets) + " packets");
    }
    out.push_back(std::move(**parsed));
  }
  return out;
}

Result<void> AppendRtcp(const RtcpPacket& packet, std::vector<uint8_t>& out) {
  const size_t size_before = out.size();
  Result<void> written =
      std::visit([&out](const auto& p) { return internal::Write(p, out); }, packet);
  if (written && out.size() > kMaxPacketSize) {
    written = Fail(ErrorCode::kLimitExceeded,
                   "RTCP compound would grow from " + std::to_string(size_before) + " to " +
                       std::to_string(out.size()) + " bytes, more than " +
                       std::to_string(kMaxPacketSize));
  }
  if (!written) out.resize(size_before);
  return written;
}

}  // namespace ferry::rtp
