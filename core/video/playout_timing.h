// When to show each video frame: as early as the network's jitter lets all of them be evenly
// spaced.
//
// A frame's delay is its arrival less its RTP time. The smallest delay of the last seconds is what
// the network takes at best; the playout delay above it is the 95th percentile of what frames took
// more, or the minimum asked for by A/V sync.
#pragma once

#include <cstdint>
#include <deque>

#include "core/base/sequence_number.h"
#include "core/base/units.h"

namespace ferry::video {

class PlayoutTiming {
 public:
  static constexpr int kClockRateHz = 90'000;
  static constexpr Duration kMaxDelay = Duration::Millis(2000);

  // A frame became complete.
  void OnFrame(uint32_t rtp_timestamp, Timestamp arrival);
  // When the frame of this timestamp is to be decoded and shown; only after a first OnFrame.
  Timestamp ReleaseTime(uint32_t rtp_timestamp) const;

  void SetMinimumDelay(Duration delay) { minimum_ = delay; }
  void SetMaximumDelay(Duration delay) { maximum_ = delay; }
  // What the jitter asks for, and what is applied.
  Duration JitterDelay() const { return jitter_; }
  Duration TargetDelay() const;

 private:
  // The percentile is taken over the frames of this time, at most so many.
  static constexpr Duration kWindow = Duration::Seconds(4);
  static constexpr size_t kMaxFrames = 240;
  // The smallest delay is looked for in two halves of this length, so that clock drift is followed.
  static constexpr Duration kBaseWindow = Duration::Seconds(5);

  struct Frame {
    Timestamp arrival;
    Duration extra;
  };

  Duration MediaTime(int64_t unwrapped) const {
    return Duration::Micros(unwrapped * 1'000'000 / kClockRateHz);
  }
  void Reset(Duration delay, Timestamp arrival);
  Duration Base() const;
  void UpdateJitter(Duration extra, Timestamp arrival);

  Unwrapper<uint32_t> unwrapper_;
  bool started_ = false;
  Duration base_now_;
  Duration base_before_;
  Timestamp base_window_start_;
  std::deque<Frame> window_;
  Timestamp last_arrival_;
  Duration jitter_;
  Duration minimum_;
  Duration maximum_ = kMaxDelay;
};

}  // namespace ferry::video
