// From captured sound to Opus packets of 20 ms. RTP time counts the samples (RFC 3550 §5.1),
// whatever the clocks of the device and of this machine make of them: how the two run is told by
// the capture times and sender reports. Only a pause of the capture makes it jump.
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
  // The newest receiver report's: once a second or so. A loss is expected again for some while.
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
  // Half of what was lost is expected after seven reports, and nothing below the last.
  static constexpr double kLossMemory = 0.9;
  static constexpr double kLeastLoss = 0.005;
  static constexpr double kLeastToldLoss = 0.15;
  // Captured blocks further off their place than this follow a pause of the capture.
  static constexpr Duration kMaxCaptureGap = Duration::Millis(60);

  AudioSender(const AudioSenderConfig& config, OpusEncoder encoder);
  Result<void> EncodePacket(Timestamp now, std::vector<rtp::RtpPacket>& out);
  // What follows was captured at `capture_time`, and `waiting` before it: whether it goes on where
  // the last ended. If not, there was a pause, and RTP time jumps.
  bool Continues(Timestamp capture_time, Duration waiting);
  // Of the packet that follows, which lasts 20 ms.
  rtp::RtpExtensions NextExtensions(std::span<const float> pcm);
  rtp::RtpPacket MakePacket(ByteSpan payload, const rtp::RtpExtensions& extensions, Timestamp now);
  // 20 ms of sound have passed, sent or not.
  void Advance();

  int channels_;
  RtpSender rtp_;
  OpusEncoder encoder_;
  AudioLevelMeter meter_;
  bool muted_ = false;
  double expected_loss_ = 0;
  uint64_t packets_made_ = 0;   // sent or left out while muted
  int muted_packets_ = 0;       // since the mute
  std::vector<float> pending_;  // less than one packet, interleaved
  // Of its first sample, or of the next when there is none.
  Timestamp capture_time_;
  uint32_t timestamp_ = 0;
  bool started_ = false;
  bool sound_begins_ = true;  // with the next packet
};

}  // namespace ferry::session
