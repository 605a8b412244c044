#include "core/rtp/opus.h"

#include <string>

namespace ferry::rtp {
namespace {

// RFC 6716 §3.1, table 2.
Duration FrameDuration(uint8_t toc) {
  const int config = toc >> 3;
  if (config < 12) {  // SILK: 10, 20, 40, 60 ms
    constexpr int kSilkMs[] = {10, 20, 40, 60};
    return Duration::Millis(kSilkMs[config & 3]);
  }
  if (config < 16) return Duration::Millis((config & 1) != 0 ? 20 : 10);  // hybrid
  return Duration::Micros(int64_t{2500} << (config & 3));                 // CELT: 2.5 to 20 ms
}

}  // namespace

Result<Duration> OpusPacketDuration(ByteSpan packet) {
  if (packet.empty()) return Fail(ErrorCode::kTruncated, "Opus packet is empty");
  int frames = (packet[0] & 3) == 0 ? 1 : 2;
  if ((packet[0] & 3) == 3) {
    if (packet.size() < 2) {
      return Fail(ErrorCode::kTruncated, "Opus packet ends before its frame count");
    }
    frames = packet[1] & 0x3F;
  }
  const Duration duration = FrameDuration(packet[0]) * frames;
  if (frames == 0 || duration > kMaxOpusPacketDuration) {
    return Fail(ErrorCode::kMalformed, "Opus packet of " + std::to_string(frames) +
                                           " frames lasts " + std::to_string(duration.ms()) +
                                           " ms, allowed is more than 0 and at most 120");
  }
  return duration;
}

}  // namespace ferry::rtp
