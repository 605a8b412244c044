// How much delay the network's jitter calls for.
//
// Each packet's relative delay is its (arrival - timestamp) above the smallest of the last two
// seconds. Of the greatest relative delays of the last twelve half seconds the target covers all
// but the largest: what happens once in six seconds costs less concealed than waited for, what
// happens more often is the network's nature. Lateness that repeats within seconds raises the
// target at once; a single stall does not.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/units.h"

namespace ferry {

class DelayEstimator {
 public:
  // `timestamp` is the packet's, unwrapped, at 48 kHz. Returns the packet's relative delay, of
  // which no more than `most` counts.
  Duration OnPacket(Timestamp arrival, int64_t timestamp, Duration most = Duration::Seconds(10));

  // The delay with which all but one of the last half seconds have no late packet.
  Duration Target() const;

  // When a packet of `timestamp` arrives that the network does not hold up; none before the first
  // packet.
  std::optional<Timestamp> EarliestArrival(int64_t timestamp) const;

  void Reset() { *this = DelayEstimator(); }

 private:
  static constexpr int kIntervals = 12;
  static constexpr int kWindowSlots = 20;
  struct Slot {
    int64_t epoch = INT64_MIN;
    int64_t min_us = 0;
  };

  void UpdateBase(Timestamp arrival, int64_t offset_us);
  void CloseInterval(Timestamp now);
  void NoteLateness(Timestamp now, Duration relative);
  // What is left of the peak.
  Duration Peak() const;
  Duration SecondLargest() const;

  std::array<Slot, kWindowSlots> slots_;  // the smallest offsets, by tenth of a second
  std::optional<int64_t> base_us_;        // the smallest of all slots

  std::array<Duration, kIntervals> interval_maxima_;  // a ring, of those closed
  int intervals_ = 0;                                 // closed in all
  Timestamp interval_start_;
  Duration interval_max_;
  Duration usual_;  // what the closed intervals ask for

  std::optional<Timestamp> last_lateness_;
  Duration last_lateness_delay_;
  Duration peak_;  // what repeated lateness asked for at `peak_time_`; decays after
  Timestamp peak_time_;
  Timestamp now_;
};

}  // namespace ferry
