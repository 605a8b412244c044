// Arbitrary packets and pulls in arbitrary order. Whatever comes, a pull gives finite samples and
// says what they are, time does not overflow, memory stays bounded, and no packet counts
// twice.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>

#include "core/audio/jitter_buffer.h"
#include "core/base/bytes.h"
#include "core/base/testing/check.h"

namespace {

using ferry::Check;
using ferry::Duration;
using ferry::Timestamp;

void CheckStats(const ferry::JitterBufferStats& stats) {
  Check(stats.packets_late + stats.packets_duplicate + stats.packets_discarded <=
        stats.packets_received);
  Check(stats.concealed_samples <= stats.total_samples);
  Check(stats.silent_concealed_samples <= stats.concealed_samples);
}

void Pull(ferry::JitterBuffer& buffer, int channels, Timestamp now) {
  std::array<float, 2 * ferry::kAudioFrameSamples> out;
  const size_t count = ferry::kAudioFrameSamples * static_cast<size_t>(channels);
  const ferry::AudioFrame frame = buffer.GetAudio(now, std::span(out).first(count));
  for (size_t i = 0; i < count; ++i) Check(std::isfinite(out[i]));
  if (frame.kind == ferry::AudioFrameKind::kSilence) Check(frame.muted && !frame.has_timestamp);
  Check(frame.channels == channels);
  // 16 packets of 120 ms, and what is decoded ahead.
  Check(buffer.BufferedDuration() <= Duration::Millis(16 * 120 + 300));
  Check(buffer.CurrentDelay() >= Duration::Zero());
  Check(buffer.TargetDelay() >= Duration::Zero());
  CheckStats(buffer.stats());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ferry::ByteReader reader(ferry::ByteSpan(data, size));
  const int channels = 1 + (reader.U8() & 1);
  ferry::JitterBuffer buffer({.channels = channels, .max_packets = 16});
  Timestamp now = Timestamp::Millis(1000);
  uint16_t sequence = 0;
  uint32_t timestamp = 0;
  while (reader.ok() && reader.remaining() > 0) {
    const uint8_t operation = reader.U8();
    switch (operation & 7) {
      case 0:  // jump
        sequence = reader.U16();
        timestamp = reader.U32();
        break;
      case 1:  // leave some out
        sequence = static_cast<uint16_t>(sequence + (operation >> 3));
        timestamp += 960u * (operation >> 3);
        break;
      case 2:
        now += Duration::Millis(reader.U16());
        break;
      case 3:
        buffer.SetMinimumDelay(Duration::Millis(reader.U16()));
        break;
      case 4:
        buffer.SetMaximumDelay(Duration::Millis(reader.U16()));
        break;
      case 5:
      case 6: {
        const size_t length = reader.U8();
        buffer.InsertPacket({.sequence_number = sequence++,
                             .rtp_timestamp = timestamp,
                             .payload = reader.Bytes(std::min(length, reader.remaining())),
                             .recovered = (operation & 8) != 0},
                            now);
        timestamp += 960;
        break;
      }
      default:
        for (int i = 0; i <= operation >> 6; ++i) {
          Pull(buffer, channels, now);
          now += Duration::Millis(10);
        }
    }
  }
  Pull(buffer, channels, now);
  return 0;
}
