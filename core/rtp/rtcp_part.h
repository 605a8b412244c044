// Private to core/rtp: one packet of an RTCP compound, as its type's file parses and writes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/rtp/rtcp.h"

namespace ferry::rtp::internal {

// RFC 3550 §12.1, RFC 4585 §6.1.
inline constexpr uint8_t kSenderReportType = 200;
inline constexpr uint8_t kReceiverReportType = 201;
inline constexpr uint8_t kByeType = 203;
inline constexpr uint8_t kTransportFeedbackType = 205;
inline constexpr uint8_t kPayloadFeedbackType = 206;
// Feedback message types within the two above.
inline constexpr uint8_t kNackFormat = 1;
inline constexpr uint8_t kTransportWideFormat = 15;
inline constexpr uint8_t kPliFormat = 1;

// What the 5-bit count of the common header can tell: report blocks, sources of a BYE.
inline constexpr size_t kMaxCount = 31;
inline constexpr size_t kCommonHeaderSize = 4;

struct Part {
  uint8_t count = 0;  // report or source count, or feedback message type
  uint8_t type = 0;
  ByteSpan body;  // after the common header, padding taken off
};

Result<SenderReport> ParseSenderReport(const Part& part);
Result<ReceiverReport> ParseReceiverReport(const Part& part);
Result<Bye> ParseBye(const Part& part);
Result<Nack> ParseNack(const Part& part);
Result<PictureLossIndication> ParsePli(const Part& part);
Result<TransportFeedback> ParseTransportFeedback(const Part& part);

// Appends one packet; the destructor pads it to whole words and fills in its length.
class PartWriter {
 public:
  PartWriter(uint8_t count, uint8_t type, std::vector<uint8_t>& out);
  ~PartWriter();
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;

  void U8(uint8_t v) { out_.push_back(v); }
  void U16(uint16_t v) { Unsigned(v, 2); }
  void U24(uint32_t v) { Unsigned(v, 3); }
  void U32(uint32_t v) { Unsigned(v, 4); }
  void U64(uint64_t v) { Unsigned(v, 8); }

 private:
  void Unsigned(uint64_t value, size_t count);

  std::vector<uint8_t>& out_;
  size_t start_;
};

Result<void> Write(const SenderReport& report, std::vector<uint8_t>& out);
Result<void> Write(const ReceiverReport& report, std::vector<uint8_t>& out);
Result<void> Write(const Bye& bye, std::vector<uint8_t>& out);
Result<void> Write(const Nack& nack, std::vector<uint8_t>& out);
Result<void> Write(const PictureLossIndication& pli, std::vector<uint8_t>& out);
Result<void> Write(const TransportFeedback& feedback, std::vector<uint8_t>& out);

}  // namespace ferry::rtp::internal
