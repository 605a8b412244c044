#include "core/audio/playout_buffer.h"

#include <algorithm>

namespace ferry {

PlayoutBuffer::PlayoutBuffer(int channels)
    : channels_(static_cast<size_t>(channels)), data_(kHistory * channels_, 0.0f) {}

void PlayoutBuffer::Append(std::span<const float> samples) {
  data_.insert(data_.end(), samples.begin(), samples.end());
}

void PlayoutBuffer::AppendSilence(size_t count) { data_.resize(data_.size() + count * channels_); }

void PlayoutBuffer::Erase(size_t position, size_t count) {
  const auto first = data_.begin() + static_cast<ptrdiff_t>((kHistory + position) * channels_);
  data_.erase(first, first + static_cast<ptrdiff_t>(count * channels_));
}

void PlayoutBuffer::InsertFront(std::span<const float> samples) {
  data_.insert(data_.begin() + static_cast<ptrdiff_t>(kHistory * channels_), samples.begin(),
               samples.end());
}

void PlayoutBuffer::Read(std::span<float> out) {
  std::copy_n(future().begin(), out.size(), out.begin());
  data_.erase(data_.begin(), data_.begin() + static_cast<ptrdiff_t>(out.size()));
}

}  // namespace ferry
