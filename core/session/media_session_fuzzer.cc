// Arbitrary packets, in arbitrary order and at arbitrary times, into a session that publishes and
// subscribes, and whose caller is away at times: nothing crashes, what comes out is well formed,
// and what waits is bounded.
//
// Input: records of one byte of milliseconds, one byte of length, and that many bytes. From kAway
// on the milliseconds are few, the packet comes many times, and nothing is polled.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/base/testing/check.h"
#include "core/session/media_session.h"

namespace {

using namespace ferry;
using namespace ferry::session;

constexpr uint8_t kAway = 0xF0;
constexpr int kTimesWhileAway = 64;
// Enough frames, of a size that an encoder may make, to fill the pacer's queue.
constexpr size_t kLargeFrame = 400'000;
constexpr int kMaxLargeFrames = 40;
// What the session's timers may add while it is polled.
constexpr size_t kMaxOfTimers = 1000;

constexpr uint32_t kSentAudio = 1, kSentVideo = 2, kReceivedAudio = 3, kReceivedVideo = 4;

class Fuzzed {
 public:
  Fuzzed() {
    Check(session_.AddAudioSender(kSentAudio, 1, DataRate::KilobitsPerSec(40)).has_value());
    Check(session_.AddVideoSender(kSentVideo).has_value());
    Check(session_.AddAudioReceiver(kReceivedAudio, 1).has_value());
    Check(session_.AddVideoReceiver(kReceivedVideo, 1).has_value());
  }

  void Record(uint8_t ms, ByteSpan packet, ByteSpan frame) {
    const bool away = ms >= kAway;
    now_ += Duration::Millis(away ? ms - kAway : ms);
    for (int i = 0; i < (away ? kTimesWhileAway : 1); ++i) (void)session_.Receive(packet, now_);
    Check(session_.PullAudio(kReceivedAudio, Duration::Millis(20), now_, pcm_).has_value());
    Check(std::ranges::all_of(pcm_, [](float sample) { return std::isfinite(sample); }));
    if (!away) {
      (void)session_.SendFrame(kSentVideo, frame, false, now_, now_);
      Poll();
      return;
    }
    if (++large_frames_ > kMaxLargeFrames) return;
    static const std::vector<uint8_t> large(kLargeFrame);
    (void)session_.SendFrame(kSentVideo, large, false, now_, now_);
  }

  // All that waits leaves within a second, and was no more than may wait.
  void End() {
    size_t video = 0;
    for (int i = 0; i < 100; ++i, now_ += Duration::Millis(10)) video += Poll();
    Check(video <= transport::PacketQueue::kMaxPackets);
  }

 private:
  // How many packets of video there were.
  size_t Poll() {
    size_t video = 0;
    size_t others = 0;
    while (const auto output = session_.Poll(now_)) {
      std::visit([](const auto& each) { CheckOutput(each); }, *output);
      const auto* packet = std::get_if<SendPacket>(&*output);
      ++(packet && packet->kind == PacketKind::kVideo ? video : others);
      Check(others <= OutputQueue::kMaxOutputs + kMaxOfTimers);
      Check(video <= transport::PacketQueue::kMaxPackets + kMaxOfTimers);
    }
    const transport::CongestionConfig limits;
    Check(session_.target_bitrate() >= limits.min && session_.target_bitrate() <= limits.max);
    return video;
  }

  static void CheckOutput(const SendPacket& packet) {
    Check(packet.bytes.size() <= rtp::kMaxPacketSize);
    if (packet.kind == PacketKind::kControl) {
      Check(rtp::IsRtcp(packet.bytes) && rtp::ParseRtcp(packet.bytes).has_value());
      return;
    }
    const auto view = rtp::ParseRtp(packet.bytes);
    Check(!rtp::IsRtcp(packet.bytes) && view.has_value());
    Check(view->extensions.transport_sequence_number.has_value());
    Check(packet.kind == PacketKind::kVideo);  // no sound is pushed
    // The SSRC of padding is no stream's.
    Check(view->header.ssrc == kSentVideo || view->header.ssrc == 0);
  }
  static void CheckOutput(const DecodeFrame& frame) {
    Check(frame.ssrc == kReceivedVideo);
    Check(frame.frame.frame.data.size() <=
          video::FrameAssembler::kCapacity * rtp::kMaxReceivedPacketSize);
  }
  static void CheckOutput(const EncodeKeyframe& keyframe) { Check(keyframe.ssrc == kSentVideo); }

  MediaSession session_{7};
  Timestamp now_ = Timestamp::Millis(1'790'000'000'000);
  std::array<float, kAudioFrameSamples * AudioReceiver::kChannels> pcm_{};
  int large_frames_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Fuzzed fuzzed;
  ByteReader reader(ByteSpan(data, size));
  while (reader.remaining() > 2) {
    const uint8_t ms = reader.U8();
    const size_t length = reader.U8();
    const ByteSpan packet = reader.Bytes(std::min(length, reader.remaining()));
    fuzzed.Record(ms, packet, ByteSpan(data, size));
  }
  fuzzed.End();
  return 0;
}
