// Arbitrary packets, in arbitrary order and at arbitrary times, into a session that publishes and
// subscribes: nothing crashes, and what comes out is bounded and well formed.
#include <array>
#include <cstdlib>

#include "core/session/media_session.h"

using ferry::ByteReader;
using ferry::Duration;
using ferry::Timestamp;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry::session;
  MediaSession session(7);
  (void)session.AddAudioSender(1, 1, ferry::DataRate::KilobitsPerSec(40));
  (void)session.AddVideoSender(2);
  (void)session.AddAudioReceiver(3, 1);
  (void)session.AddVideoReceiver(4, 1);
  std::array<float, ferry::kAudioFrameSamples * AudioReceiver::kChannels> pcm{};
  Timestamp now = Timestamp::Millis(1'790'000'000'000);

  // Input: records of one byte of milliseconds, one byte of length, and that many bytes.
  ByteReader reader(ferry::ByteSpan(data, size));
  while (reader.remaining() > 2) {
    now += Duration::Millis(reader.U8());
    const size_t length = std::min<size_t>(reader.U8(), reader.remaining());
    (void)session.Receive(reader.Bytes(length), now);
    (void)session.PullAudio(3, Duration::Millis(20), now, pcm);
    (void)session.SendFrame(2, ferry::ByteSpan(data, size), false, now, now);
    size_t outputs = 0;
    while (auto output = session.Poll(now)) {
      const auto* packet = std::get_if<SendPacket>(&*output);
      if (packet && packet->bytes.size() > ferry::rtp::kMaxReceivedPacketSize) std::abort();
      if (++outputs > MediaSession::kMaxOutputs + 1000) std::abort();
    }
  }
  return 0;
}
