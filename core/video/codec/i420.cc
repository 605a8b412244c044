#include "core/video/codec/i420.h"

namespace ferry {

void I420Buffer::Resize(VideoSize size) {
  size_ = size;
  data_.resize(luma_bytes() + 2 * chroma_bytes());
}

I420View I420Buffer::view() const {
  const uint8_t* y = data_.data();
  return {.size = size_,
          .y = y,
          .u = y + luma_bytes(),
          .v = y + luma_bytes() + chroma_bytes(),
          .stride_y = stride_y(),
          .stride_uv = stride_uv()};
}

}  // namespace ferry
