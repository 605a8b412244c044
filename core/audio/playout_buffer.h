// Decoded sound: what is still to be played, behind it the last 30 ms that were, which stretching
// and joining look back into. Interleaved; positions and lengths count samples per channel.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ferry {

class PlayoutBuffer {
 public:
  // Two times the longest pitch period: 30 ms at 48 kHz.
  static constexpr size_t kHistory = 1440;

  explicit PlayoutBuffer(int channels);

  int channels() const { return static_cast<int>(channels_); }
  // Not yet played.
  size_t size() const { return data_.size() / channels_ - kHistory; }
  std::span<const float> future() const { return std::span(data_).subspan(kHistory * channels_); }
  std::span<float> future() { return std::span(data_).subspan(kHistory * channels_); }
  // The `count` samples before the first unplayed one, oldest first; at most kHistory.
  std::span<const float> History(size_t count) const {
    return std::span(data_).subspan((kHistory - count) * channels_, count * channels_);
  }
  // The last `count` samples, played or not; at most kHistory.
  std::span<const float> Tail(size_t count) const {
    return std::span(data_).last(count * channels_);
  }

  void Append(std::span<const float> samples);
  void AppendSilence(size_t count);
  // Takes `count` samples out of the future, from `position`.
  void Erase(size_t position, size_t count);
  // Puts samples before the first unplayed one.
  void InsertFront(std::span<const float> samples);
  // Plays the next samples into `out`; there must be enough.
  void Read(std::span<float> out);

 private:
  size_t channels_;
  std::vector<float> data_;  // kHistory samples, then the future
};

}  // namespace ferry
