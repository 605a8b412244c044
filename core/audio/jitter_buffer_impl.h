// The inside of JitterBuffer. jitter_buffer.cc takes packets in and reckons delays;
// jitter_buffer_playout.cc makes sound of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/audio/delay_estimator.h"
#include "core/audio/fec_policy.h"
#include "core/audio/jitter_buffer.h"
#include "core/audio/opus_decoder.h"
#include "core/audio/opus_encoder.h"
#include "core/audio/packet_buffer.h"
#include "core/audio/playout_buffer.h"
#include "core/audio/pull_clock.h"
#include "core/audio/stream_tracker.h"

namespace ferry {

class JitterBuffer::Impl {
 public:
  explicit Impl(const JitterBufferConfig& config);

  void Insert(const AudioPacket& packet, Timestamp arrival);
  AudioFrame Get(Timestamp now, std::span<float> out);

  void SetBounds(Duration min_delay, Duration max_delay);
  Duration min_delay() const { return min_delay_; }
  Duration max_delay() const { return max_delay_; }
  Duration Target() const;
  Duration CurrentDelay() const { return current_delay_; }
  Duration Buffered() const;
  const JitterBufferStats& stats() const { return stats_; }

 private:
  // Nothing is played until the first packet is due, nor after a long pause until the next is.
  bool idle() const;
  // Where `packet` begins, after what was decoded last. A few samples more or less without a packet
  // between them are the sender's clock, and no gap.
  int64_t GapBefore(const BufferedPacket& packet) const {
    const int64_t gap = packet.timestamp - next_timestamp_;
    const bool adjacent = packet.sequence_number == last_sequence_ + 1 && !discontinuity_;
    return adjacent && gap > -kClockStep && gap < kClockStep ? 0 : gap;
  }
  static constexpr int64_t kClockStep = 5 * 48;
  // The sender sent nothing between what was decoded last and `packet`: no number is missing.
  bool FollowsPause(const BufferedPacket& packet) const {
    return packet.sequence_number == last_sequence_ + 1 && GapBefore(packet) > 0;
  }
  // Of the next sample to be played.
  int64_t FrontTimestamp() const {
    return next_timestamp_ + concealed_ - static_cast<int64_t>(playout_.size());
  }
  // Less delay than the target is made up for below this; a lack is worse than too much.
  static constexpr Duration kTooLittle = Duration::Millis(2);

  void StartNewLife(int64_t timestamp);
  // The delay that results when `timestamp` follows everything already decoded, and how much more
  // than the target it is.
  Duration DelayIfPlayedNext(int64_t timestamp) const;
  Duration ExcessIfPlayedNext(int64_t timestamp) const;

  void Advance();
  bool IsDue(const BufferedPacket& packet) const;
  bool CanUseFec(const BufferedPacket& packet) const;
  void DropPast();
  void SkipExcess();
  void DecodeFront();
  void DecodeFecOf(const BufferedPacket& packet);
  void AppendDecoded(size_t samples, int64_t skip, bool seamless);
  void ConcealFrame();
  void CountConcealment(bool sender_paused);
  void AdaptLength();
  void DecodeAhead(size_t samples);

  size_t channels_;
  Duration min_delay_;
  Duration max_delay_;

  StreamTracker tracker_;
  DelayEstimator estimator_;
  PullClock pull_clock_;
  FecPolicy fec_policy_;
  PacketBuffer packets_;
  int packet_samples_ = kOpusFrameSamples;  // of the packet that came last
  std::optional<OpusDecoder> decoder_;      // none only when memory ran out
  PlayoutBuffer playout_;
  std::vector<float> scratch_;  // what the decoder writes

  bool started_ = false;
  bool reset_decoder_ = false;    // the next packet is of another life of the sender
  bool discontinuity_ = false;    // the next packet does not follow what was decoded last
  bool wait_for_target_ = false;  // the next packet starts anew, with the target's delay

  // Where the sender's time stands: after the last decoded sample, and what was invented since.
  int64_t next_timestamp_ = 0;
  int64_t last_sequence_ = 0;
  int64_t concealed_ = 0;
  int64_t concealed_silent_ = 0;
  int64_t idle_samples_ = 0;           // silence of an outage or pause, beyond `concealed_`
  bool concealing_known_gap_ = false;  // what is invented lies before a packet that is here

  AudioFrameKind kind_ = AudioFrameKind::kSilence;  // of the latest sound in playout_
  bool muted_ = true;
  int stretch_pause_ = 0;  // pulls until the next stretch
  Duration current_delay_;
  JitterBufferStats stats_;
};

}  // namespace ferry
