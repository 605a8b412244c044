// The audio jitter buffer: packets go in as the network gives them, 10 ms of sound come out on
// every pull, whatever happened to the packets.
//
// It holds just enough delay for the jitter it sees (DelayEstimator), gets there by stretching or
// shortening the sound by pitch periods (TimeStretcher), mends losses by Opus in-band FEC where
// the next packet is there and by concealment where it is not, and joins the pieces without
// clicks.
//
// "Delay" means throughout the time a packet spends here that the network did not hold up: playout
// time minus the arrival the fastest packets of the last seconds would have had.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/units.h"

namespace ferry {

// Samples per channel of one pull: 10 ms at 48 kHz.
inline constexpr size_t kAudioFrameSamples = 480;

struct JitterBufferConfig {
  int channels = 1;  // 1 or 2: what GetAudio gives, whatever the packets carry
  Duration min_delay = Duration::Zero();
  Duration max_delay = Duration::Millis(2000);
  // Four seconds of 20 ms packets; beyond it the oldest go.
  size_t max_packets = 200;
};

struct AudioPacket {
  uint16_t sequence_number = 0;
  uint32_t rtp_timestamp = 0;
  ByteSpan payload;  // copied
  // A retransmission, or rebuilt from others: how late it is says nothing about the network's
  // jitter.
  bool recovered = false;
};

enum class AudioFrameKind {
  kSilence,      // nothing to play: not started yet, or the sender has long paused
  kNormal,       // decoded as it was sent
  kFec,          // rebuilt from the next packet's copy
  kConcealed,    // invented
  kAccelerated,  // decoded, and shortened by a pitch period
  kExpanded,     // decoded, and lengthened by a pitch period (preemptive)
};

struct AudioFrame {
  AudioFrameKind kind = AudioFrameKind::kSilence;
  bool muted = true;  // every sample is zero
  // The timestamp of the first sample, where it has one: kSilence has none, and nor has what is
  // concealed while a sender starts anew.
  bool has_timestamp = false;
  uint32_t rtp_timestamp = 0;
  int channels = 1;  // of the output, as configured
};

// Counters since creation; samples are per channel. Names follow W3C webrtc-stats where it has one.
struct JitterBufferStats {
  uint64_t packets_received = 0;
  uint64_t packets_late = 0;       // came after their time had been played
  uint64_t packets_duplicate = 0;  // already here, or already played
  uint64_t packets_discarded = 0;  // not Opus, implausible, or dropped for want of room
  uint64_t fec_packets_recovered = 0;

  // Played, of any kind but kSilence; the silence of an outage is added when the sound resumes.
  uint64_t total_samples = 0;
  // Of these, invented for sound that was lost or late, and of these again, zero. Counted when the
  // sound resumes, because only the next packet tells a loss from a pause of the sender (mute,
  // DTX), whose samples count apart.
  uint64_t concealed_samples = 0;
  uint64_t silent_concealed_samples = 0;
  uint64_t concealment_events = 0;
  uint64_t pause_samples = 0;
  uint64_t inserted_samples_for_deceleration = 0;
  uint64_t removed_samples_for_acceleration = 0;
  uint64_t restarts = 0;  // the sender began anew, or the buffer was emptied to catch up

  // Sums over the decoded samples that left; divide by jitter_buffer_emitted_count.
  Duration jitter_buffer_delay;
  Duration jitter_buffer_target_delay;
  uint64_t jitter_buffer_emitted_count = 0;
};

class JitterBuffer {
 public:
  // Values out of range are taken as the nearest possible.
  explicit JitterBuffer(const JitterBufferConfig& config);
  ~JitterBuffer();
  JitterBuffer(const JitterBuffer&) = delete;
  JitterBuffer& operator=(const JitterBuffer&) = delete;

  // Takes one packet. Duplicates, packets too late and what is not Opus are counted and dropped.
  // The RTP timestamp must advance with the sender's time through its pauses (RFC 7587 §4.1).
  void InsertPacket(const AudioPacket& packet, Timestamp arrival);

  // Fills `out` with the next 10 ms: exactly kAudioFrameSamples × channels floats, interleaved.
  // `now` is of the same clock as `arrival`; pulls may come in bunches, but 10 ms apart on average.
  AudioFrame GetAudio(Timestamp now, std::span<float> out);

  // Bounds of the target, for A/V sync and for an application that asks for delay.
  void SetMinimumDelay(Duration delay);
  void SetMaximumDelay(Duration delay);

  // What the delay should be, and what it is now (zero while nothing plays).
  Duration TargetDelay() const;
  Duration CurrentDelay() const;
  // How much sound is here: decoded and not yet decoded.
  Duration BufferedDuration() const;

  const JitterBufferStats& stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ferry
