// Makes sound shorter or longer by a pitch period without changing its pitch (WSOLA: overlap and
// add where the waveform resembles itself), and joins what follows a concealment.
#pragma once

#include <cstddef>
#include <span>

#include "core/audio/playout_buffer.h"

namespace ferry {

class TimeStretcher {
 public:
  // The periods looked at, in samples at 48 kHz: 2.5 to 15 ms (400 to 67 Hz; multiples of the
  // shorter periods are periods too).
  static constexpr size_t kMinLag = 120;
  static constexpr size_t kMaxLag = 720;
  // What must be unplayed for Accelerate, and for Expand.
  static constexpr size_t kAccelerateNeeds = 2 * kMaxLag;
  static constexpr size_t kExpandNeeds = kMaxLag;
  // Length of the cross-fade that joins: 5 ms.
  static constexpr size_t kJoin = 240;

  struct Options {
    size_t max_lag = kMaxLag;      // never change the length by more
    float min_correlation = 0.9f;  // how alike the two parts must be, unless all is quiet
    bool prefer_long = false;      // of good lags the longest, to get there sooner
  };

  // Return by how many samples `buffer` became shorter or longer; 0 when the sound does not allow
  // it.
  static size_t Accelerate(PlayoutBuffer& buffer, const Options& options);
  static size_t Expand(PlayoutBuffer& buffer, const Options& options);

  // Fades the start of `next`, which is about to be appended, in over a continuation of what the
  // buffer ends with: its last period, repeated.
  static void Join(const PlayoutBuffer& buffer, std::span<float> next);
};

}  // namespace ferry
