// One remote sound: from packets to 10 ms blocks, with the time each block was captured.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/audio/audio_level.h"
#include "core/audio/jitter_buffer.h"
#include "core/rtp/ntp_time.h"
#include "core/rtp/rtp_packet.h"
#include "core/transport/reception_stats.h"

namespace ferry::session {

class AudioReceiver {
 public:
  AudioReceiver();

  void Receive(const rtp::RtpPacket& packet, Timestamp now);
  void OnSenderReport(const rtp::SenderReport& report, Timestamp now);

  // Fills `out` (kAudioFrameSamples × kChannels) with the next 10 ms, to be heard `downstream` from
  // now.
  void Pull(Timestamp now, Duration downstream, std::span<float> out);
  static constexpr int kChannels = 2;

  // Capture to playout of what was pulled last, by the publisher's clock and ours: only the
  // difference between two streams of one publisher means anything. nullopt while unknown.
  std::optional<Duration> end_to_end() const { return end_to_end_; }
  void SetMinimumDelay(Duration delay) { jitter_buffer_.SetMinimumDelay(delay); }
  void SetMaximumDelay(Duration delay) { jitter_buffer_.SetMaximumDelay(delay); }

  const JitterBuffer& jitter_buffer() const { return jitter_buffer_; }
  transport::ReceptionStats& reception() { return reception_; }
  const transport::ReceptionStats& reception() const { return reception_; }
  double level() const { return meter_.linear(); }
  uint64_t blocks_played() const { return blocks_played_; }

 private:
  JitterBuffer jitter_buffer_;
  transport::ReceptionStats reception_;
  rtp::CaptureClock capture_clock_;
  AudioLevelMeter meter_;
  std::optional<Duration> end_to_end_;
  uint64_t blocks_played_ = 0;
};

}  // namespace ferry::session
