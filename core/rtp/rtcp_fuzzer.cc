// Any bytes parse or are refused; what parses is written back to the same packets.
#include <cstdlib>
#include <vector>

#include "core/rtp/rtcp.h"

namespace {

void Check(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry;
  using namespace ferry::rtp;
  const auto packets = ParseRtcp(ByteSpan(data, size));
  if (!packets) return 0;
  for (const RtcpPacket& packet : *packets) {
    std::vector<uint8_t> bytes;
    const auto appended = AppendRtcp(packet, bytes);
    if (!appended) {
      // What was received may be larger than what we send, but not by much.
      Check(appended.error().code == ErrorCode::kLimitExceeded && size > kMaxPacketSize / 2);
      continue;
    }
    const auto again = ParseRtcp(bytes);
    Check(again.has_value() && again->size() == 1 && again->front() == packet);
  }
  return 0;
}
