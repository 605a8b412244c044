// Sender and receiver reports: RFC 3550 §6.4; BYE: §6.6.
#include <algorithm>
#include <string>

#include "core/rtp/rtcp_part.h"

namespace ferry::rtp::internal {
namespace {

std::vector<ReportBlock> ReadBlocks(size_t count, ByteReader& reader) {
  constexpr size_t kBlockSize = 24;
  std::vector<ReportBlock> blocks;
  if (reader.remaining() < count * kBlockSize) {
    reader.Skip(count * kBlockSize);  // fails the reader
    return blocks;
  }
  blocks.resize(count);
  for (ReportBlock& block : blocks) {
    block.ssrc = reader.U32();
    block.fraction_lost = reader.U8();
    // Sign-extended from 24 bits.
    block.cumulative_lost = static_cast<int32_t>(reader.U24() << 8) >> 8;
    block.highest_sequence = reader.U32();
    block.jitter = reader.U32();
    block.last_sr = reader.U32();
    block.delay_since_last_sr = reader.U32();
  }
  return blocks;
}

void WriteBlocks(const std::vector<ReportBlock>& blocks, PartWriter& writer) {
  for (const ReportBlock& block : blocks) {
    writer.U32(block.ssrc);
    writer.U8(block.fraction_lost);
    // RFC 3550 appendix A.3: clamped, not wrapped.
    const int32_t lost = std::clamp<int32_t>(block.cumulative_lost, -0x800000, 0x7FFFFF);
    writer.U24(static_cast<uint32_t>(lost) & 0xFFFFFF);
    writer.U32(block.highest_sequence);
    writer.U32(block.jitter);
    writer.U32(block.last_sr);
    writer.U32(block.delay_since_last_sr);
  }
}

std::unexpected<Error> TooMany(size_t count, std::string_view what) {
  return Fail(ErrorCode::kLimitExceeded, std::to_string(count) + " " + std::string(what) +
                                             " in one RTCP packet, at most " +
                                             std::to_string(kMaxCount) + " fit");
}

std::unexpected<Error> Short(std::string_view what, const Part& part) {
  return Fail(ErrorCode::kTruncated, std::string(what) + " with a count of " +
                                         std::to_string(part.count) + " has only " +
                                         std::to_string(part.body.size()) + " bytes");
}

}  // namespace

Result<SenderReport> ParseSenderReport(const Part& part) {
  ByteReader reader(part.body);
  SenderReport report;
  report.sender_ssrc = reader.U32();
  report.ntp_time = reader.U64();
  report.rtp_timestamp = reader.U32();
  report.packet_count = reader.U32();
  report.octet_count = reader.U32();
  report.blocks = ReadBlocks(part.count, reader);
  if (!reader.ok()) return Short("RTCP sender report", part);
  return report;  // What is left are profile-specific extensions (§6.4.3).
}

Result<ReceiverReport> ParseReceiverReport(const Part& part) {
  ByteReader reader(part.body);
  ReceiverReport report;
  report.sender_ssrc = reader.U32();
  report.blocks = ReadBlocks(part.count, reader);
  if (!reader.ok()) return Short("RTCP receiver report", part);
  return report;
}

Result<Bye> ParseBye(const Part& part) {
  ByteReader reader(part.body);
  Bye bye;
  if (reader.remaining() < size_t{4} * part.count) return Short("RTCP BYE", part);
  bye.ssrcs.resize(part.count);
  for (uint32_t& ssrc : bye.ssrcs) ssrc = reader.U32();
  return bye;  // A reason for leaving may follow; nobody reads it.
}

Result<void> Write(const SenderReport& report, std::vector<uint8_t>& out) {
  if (report.blocks.size() > kMaxCount) return TooMany(report.blocks.size(), "report blocks");
  PartWriter writer(static_cast<uint8_t>(report.blocks.size()), kSenderReportType, out);
  writer.U32(report.sender_ssrc);
  writer.U64(report.ntp_time);
  writer.U32(report.rtp_timestamp);
  writer.U32(report.packet_count);
  writer.U32(report.octet_count);
  WriteBlocks(report.blocks, writer);
  return {};
}

Result<void> Write(const ReceiverReport& report, std::vector<uint8_t>& out) {
  if (report.blocks.size() > kMaxCount) return TooMany(report.blocks.size(), "report blocks");
  PartWriter writer(static_cast<uint8_t>(report.blocks.size()), kReceiverReportType, out);
  writer.U32(report.sender_ssrc);
  WriteBlocks(report.blocks, writer);
  return {};
}

Result<void> Write(const Bye& bye, std::vector<uint8_t>& out) {
  if (bye.ssrcs.size() > kMaxCount) return TooMany(bye.ssrcs.size(), "sources");
  PartWriter writer(static_cast<uint8_t>(bye.ssrcs.size()), kByeType, out);
  for (const uint32_t ssrc : bye.ssrcs) writer.U32(ssrc);
  return {};
}

}  // namespace ferry::rtp::internal
