#include "gateway/sfu/stream.h"

#include "core/rtp/rtp_packet.h"

namespace ferry::gateway {

uint8_t PayloadType(Codec codec) {
  switch (codec) {
    case Codec::kOpus:
      return rtp::kOpusPayloadType;
    case Codec::kVp8:
      return rtp::kVp8PayloadType;
    case Codec::kVp9:
      return rtp::kVp9PayloadType;
  }
  return 0;
}

int ClockRate(Codec codec) { return codec == Codec::kOpus ? 48'000 : 90'000; }

}  // namespace ferry::gateway
