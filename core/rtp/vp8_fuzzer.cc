// Any bytes parse or are refused; what parses is packetized back to the same descriptor and data,
// and its picture id is rewritten without touching the rest.
#include <algorithm>
#include <vector>

#include "core/base/testing/check.h"
#include "core/rtp/vp8.h"

namespace {

using namespace ferry;
using namespace ferry::rtp;

void CheckRoundTrip(const Vp8Payload& payload, size_t max_payload) {
  Vp8Packetizer packetizer(payload.data, payload.descriptor, max_payload);
  Vp8Descriptor expected = payload.descriptor;
  expected.partition_index = 0;
  expected.start_of_partition = true;
  std::vector<uint8_t> buffer(max_payload);
  std::vector<uint8_t> joined;
  for (size_t i = 0; i < packetizer.packet_count(); ++i) {
    const auto again = ParseVp8(ByteSpan(buffer).first(packetizer.Next(buffer)));
    Check(again.has_value() && again->descriptor == expected);
    joined.insert(joined.end(), again->data.begin(), again->data.end());
    expected.start_of_partition = false;
  }
  Check(packetizer.Next(buffer) == 0);
  Check(std::ranges::equal(joined, payload.data));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteSpan input(data, size);
  Vp8KeyframeSize(input);
  std::vector<uint8_t> rewritten(input.begin(), input.end());
  const bool changed = RewriteVp8PictureId(rewritten, 0x2A55);
  const auto payload = ParseVp8(input);
  if (!payload) return 0;
  // From the least room a descriptor of every field leaves up to a whole packet.
  CheckRoundTrip(*payload, 7 + size % 32);
  CheckRoundTrip(*payload, 1100);
  if (!changed) return 0;
  const auto again = ParseVp8(rewritten);
  Vp8Descriptor expected = payload->descriptor;
  expected.picture_id = 0x2A55;
  Check(again.has_value() && again->descriptor == expected);
  Check(std::ranges::equal(again->data, payload->data));
  return 0;
}
