// Any payload of any codec: the numbers stand where the facts say, inside the payload, and writing
// others there changes nothing else, as forwarding does.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/testing/check.h"
#include "gateway/sfu/payload_facts.h"

namespace {

using namespace ferry;
using namespace ferry::gateway;

constexpr PictureNumbers kWritten{.picture_id = 0x2A55, .tl0_index = 0x77};

void CheckOffsets(const PayloadFacts& facts, ByteSpan payload) {
  if (const size_t at = facts.picture_id_offset; at != 0) {
    Check(at + 2 <= payload.size());
    Check((payload[at] & 0x80) != 0);
    Check(((payload[at] & 0x7F) << 8 | payload[at + 1]) == facts.numbers.picture_id);
  }
  if (const size_t at = facts.tl0_index_offset; at != 0) {
    Check(at < payload.size());
    Check(payload[at] == facts.numbers.tl0_index);
  }
}

void CheckRewrite(Codec codec, const PayloadFacts& facts, ByteSpan payload) {
  std::vector<uint8_t> out(payload.begin(), payload.end());
  if (const size_t at = facts.picture_id_offset; at != 0) {
    out[at] = static_cast<uint8_t>(0x80 | kWritten.picture_id >> 8);
    out[at + 1] = static_cast<uint8_t>(kWritten.picture_id);
  }
  if (facts.tl0_index_offset != 0) out[facts.tl0_index_offset] = kWritten.tl0_index;
  const PayloadFacts again = FactsOf(codec, out);
  Check(again.picture_id_offset == facts.picture_id_offset);
  Check(again.tl0_index_offset == facts.tl0_index_offset);
  Check(again.starts_frame == facts.starts_frame);
  Check(again.starts_keyframe == facts.starts_keyframe);
  Check(again.temporal_id == facts.temporal_id && again.layer_sync == facts.layer_sync);
  if (facts.picture_id_offset != 0) Check(again.numbers.picture_id == kWritten.picture_id);
  if (facts.tl0_index_offset != 0) Check(again.numbers.tl0_index == kWritten.tl0_index);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteSpan payload(data, size);
  for (const Codec codec : {Codec::kOpus, Codec::kVp8, Codec::kVp9}) {
    const PayloadFacts facts = FactsOf(codec, payload);
    Check(facts.starts_frame || !facts.starts_keyframe);
    CheckOffsets(facts, payload);
    CheckRewrite(codec, facts, payload);
  }
  return 0;
}
