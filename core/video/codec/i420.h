// Pictures as the video codecs take and give them: planar YUV 4:2:0, 8 bits, BT.601 limited range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ferry {

// Largest width and height of a picture, of any origin. It bounds what a hostile stream can make us
// allocate: about 25 MB a picture.
inline constexpr int kMaxVideoDimension = 4096;

struct VideoSize {
  int width = 0;
  int height = 0;

  // Chroma has half the luma's width and height, rounded up.
  int chroma_width() const { return (width + 1) / 2; }
  int chroma_height() const { return (height + 1) / 2; }
  bool valid() const {
    return width > 0 && height > 0 && width <= kMaxVideoDimension && height <= kMaxVideoDimension;
  }
  bool operator==(const VideoSize&) const = default;
};

// Somebody else's picture; valid as long as its owner says.
struct I420View {
  VideoSize size;
  const uint8_t* y = nullptr;
  const uint8_t* u = nullptr;
  const uint8_t* v = nullptr;
  int stride_y = 0;
  int stride_uv = 0;
};

// A picture of our own, its planes one after the other without gaps.
class I420Buffer {
 public:
  I420Buffer() = default;
  explicit I420Buffer(VideoSize size) { Resize(size); }

  // Afterwards the content is unspecified. `size` must be valid().
  void Resize(VideoSize size);

  VideoSize size() const { return size_; }
  int stride_y() const { return size_.width; }
  int stride_uv() const { return size_.chroma_width(); }
  uint8_t* y() { return data_.data(); }
  uint8_t* u() { return data_.data() + luma_bytes(); }
  uint8_t* v() { return data_.data() + luma_bytes() + chroma_bytes(); }
  I420View view() const;

 private:
  size_t luma_bytes() const { return size_t(size_.width) * size_t(size_.height); }
  size_t chroma_bytes() const { return size_t(stride_uv()) * size_t(size_.chroma_height()); }

  VideoSize size_;
  std::vector<uint8_t> data_;
};

}  // namespace ferry
