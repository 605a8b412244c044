// From captured sound to Opus packets of 20 ms.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/audio/audio_level.h"
#include "core/audio/opus_encoder.h"
#include "core/session/rtp_sender.h"

namespace ferry::session {

struct AudioSenderConfig {
  RtpSenderConfig rtp;
  int channels = 1;
  DataRate bitrate = DataRate::KilobitsPerSec(40);
};

class AudioSender {
 public:
  static Result<AudioSender> Create(const AudioSenderConfig& config);

  // Takes any number of interleaved samples, the first captured at `capture_time`, and appends the
  // packets that they complete to `out`.
  Result<void> Push(std::span<const float> pcm, Timestamp capture_time, Timestamp now,
                    std::vector<rtp::RtpPacket>& out);
  // The same with a packet of 20 ms that was encoded elsewhere, `decoded` telling how loud it is.
  // kLimitExceeded when it is larger than MaxEncodedPacket().
  Result<void> PushEncoded(ByteSpan packet, std::span<const float> decoded, Timestamp capture_time,
                           Timestamp now, std::vector<rtp::RtpPacket>& out);
  static size_t MaxEncodedPacket();
  // While muted, silence is sent, one packet in kMutedInterval.
  void SetMuted(bool muted);
  void SetExpectedLoss(double fraction);

  RtpSender& rtp() { return rtp_; }
  const RtpSender& rtp() const { return rtp_; }
  int channels() const { return channels_; }
  // 0..1, smoothed; 0 while muted.
  double level() const { return muted_ ? 0 : meter_.linear(); }

 private:
  // Keeps receivers' jitter buffers and statistics alive (docs/protocol.md §3).
  static constexpr int kMutedIntervalPackets = 20;
  // Absolute capture time goes on every tenth packet; between them receivers extrapolate.
  static constexpr uint64_t kCaptureTimeInterval = 10;
  // Captured blocks further off their place than this follow a pause of the capture.
  static constexpr Duration kMaxCaptureGap = Duration::Millis(60);

  AudioSender(const AudioSenderConfig& config, OpusEncoder encoder);
  Result<void> EncodePacket(Timestamp now, std::vector<rtp::RtpPacket>& out);
  // Of the packet that follows, which lasts 20 ms and begins at `capture_time`.
  rtp::RtpExtensions NextExtensions(std::span<const float> pcm, Timestamp capture_time);
  rtp::RtpPacket MakePacket(ByteSpan payload, const rtp::RtpExtensions& extensions,
                            Timestamp capture_time, Timestamp now);

  int channels_;
  RtpSender rtp_;
  OpusEncoder encoder_;
  AudioLevelMeter meter_;
  bool muted_ = false;
  uint64_t packets_made_ = 0;       // sent or left out while muted
  int muted_packets_ = 0;           // since the mute
  std::vector<float> pending_;      // less than one packet, interleaved
  Timestamp pending_capture_time_;  // of its first sample
  bool started_ = false;
};

}  // namespace ferry::session
