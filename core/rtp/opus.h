// Opus payload format: RFC 7587. A payload is one Opus packet (RFC 6716 §3) and nothing more.
#pragma once

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/units.h"

namespace ferry::rtp {

// RFC 7587 §4.1: the RTP clock runs at 48 kHz whatever the audio's bandwidth.
inline constexpr int kOpusClockRateHz = 48'000;
// RFC 6716 §3.2.5, [R5]: no packet lasts longer.
inline constexpr Duration kMaxOpusPacketDuration = Duration::Millis(120);

// How long the packet's audio lasts, as its first one or two bytes tell (RFC 6716 §3.1): 2.5 to
// 120 ms. kTruncated when those bytes are missing, kMalformed when they tell no valid duration.
Result<Duration> OpusPacketDuration(ByteSpan packet);

}  // namespace ferry::rtp
