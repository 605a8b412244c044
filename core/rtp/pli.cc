// Picture loss indication: RFC 4585 §6.3.1.
#include <string>

#include "core/rtp/rtcp_part.h"

namespace ferry::rtp::internal {

Result<PictureLossIndication> ParsePli(const Part& part) {
  constexpr size_t kSize = 8;  // §6.3.1.2: both SSRCs, no feedback control information
  if (part.body.size() != kSize) {
    return Fail(ErrorCode::kMalformed,
                "RTCP PLI of " + std::to_string(part.body.size()) + " bytes instead of 8");
  }
  ByteReader reader(part.body);
  PictureLossIndication pli;
  pli.sender_ssrc = reader.U32();
  pli.media_ssrc = reader.U32();
  return pli;
}

Result<void> Write(const PictureLossIndication& pli, std::vector<uint8_t>& out) {
  PartWriter writer(kPliFormat, kPayloadFeedbackType, out);
  writer.U32(pli.sender_ssrc);
  writer.U32(pli.media_ssrc);
  return {};
}

}  // namespace ferry::rtp::internal
