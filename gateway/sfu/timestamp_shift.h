// Timestamps of one encoding after it was switched to.
//
// The encodings of a stream share one clock, but a key frame that came late may be older than what
// was forwarded of the encoding before. It is then put right behind that, and what follows it runs
// at half speed until it has caught up: no frame goes back in time, each keeps its place among the
// others, and all packets of a frame, late ones too, get the same timestamp.
#pragma once

#include <cstdint>

#include "core/base/sequence_number.h"

namespace ferry::gateway {

class TimestampShift {
 public:
  // The encoding is switched to at the frame `first`; `newest` was forwarded before.
  void Begin(uint32_t first, uint32_t newest) {
    first_ = first;
    behind_ = IsNewer(first, newest) ? 0 : newest + 1 - first;
  }
  // Nothing was forwarded before.
  void Begin() { behind_ = 0; }

  uint32_t Of(uint32_t timestamp) const {
    const uint32_t since = timestamp - first_;
    return since < uint64_t{2} * behind_ ? first_ + behind_ + since / 2 : timestamp;
  }
  // `timestamp`, newer than all before, is forwarded: once it has long caught up there is nothing
  // left to shift.
  void Advance(uint32_t timestamp) {
    constexpr uint64_t kLate = 90'000 * 10;  // ticks: nothing comes so late
    if (behind_ != 0 && timestamp - first_ > uint64_t{2} * behind_ + kLate) behind_ = 0;
  }

 private:
  uint32_t first_ = 0;
  uint32_t behind_ = 0;  // that the first is moved by; 0: nothing is
};

}  // namespace ferry::gateway
