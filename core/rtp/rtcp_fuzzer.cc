// Any bytes parse or are refused; what parses is within its bounds and is written back to the same
// packets.
#include <vector>

#include "core/base/testing/check.h"
#include "core/rtp/rtcp.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry;
  using namespace ferry::rtp;
  const auto packets = ParseRtcp(ByteSpan(data, size));
  if (!packets) return 0;
  Check(size <= kMaxReceivedPacketSize);
  size_t arrivals = 0;
  for (const RtcpPacket& packet : *packets) {
    if (const auto* feedback = std::get_if<TransportFeedback>(&packet)) {
      arrivals += feedback->packets.size();
    } else if (const auto* nack = std::get_if<Nack>(&packet)) {
      Check(!nack->sequence_numbers.empty() && nack->sequence_numbers.size() <= size / 4 * 17);
    }
    std::vector<uint8_t> bytes;
    const auto appended = AppendRtcp(packet, bytes);
    if (!appended) {
      // What was received may be larger than what we send, but not by much.
      Check(appended.error().code == ErrorCode::kLimitExceeded && size > kMaxPacketSize / 2);
      Check(bytes.empty());
      continue;
    }
    const auto again = ParseRtcp(bytes);
    Check(again.has_value() && again->size() == 1 && again->front() == packet);
    Check(bytes.size() <= kMaxPacketSize);
  }
  Check(arrivals <= kMaxFeedbackPackets);
  return 0;
}
