// Turns a captured picture of any format that browsers and cameras give into the I420 picture, of
// the wanted size, that the encoder takes.
#pragma once

#include <span>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/video/codec/i420.h"

namespace ferry {

// WebCodecs' VideoPixelFormat of the same name; the bytes in memory are in the name's order.
enum class PixelFormat { kI420 = 0, kI420A, kNV12, kRGBA, kRGBX, kBGRA, kBGRX };
inline constexpr int kPixelFormatCount = 7;

// Where a plane lies, as WebCodecs' PlaneLayout: bytes from the start, bytes from row to row.
struct PlaneLayout {
  uint32_t offset;
  uint32_t stride;
};
inline constexpr size_t kMaxPlanes = 4;

// How many planes the format has; I420A's fourth, alpha, is not looked at.
size_t PlaneCount(PixelFormat format);
// Bytes of a picture whose planes follow each other without gaps.
size_t TightFrameBytes(PixelFormat format, VideoSize size);

class FrameConverter {
 public:
  // `layout` has one entry for each plane, or is empty when the planes follow each other without
  // gaps. RGB is converted to BT.601 limited range; alpha is ignored. A source of another shape
  // than `target` is stretched: the caller crops, or chooses the target by the source's aspect
  // ratio. The result is a view of `source` when nothing had to be done, otherwise of this
  // converter's own memory, until the next call. Fails with kInvalidArgument on impossible sizes
  // and on layouts that leave `source`.
  Result<I420View> Convert(ByteSpan source, PixelFormat format, VideoSize size,
                           std::span<const PlaneLayout> layout, VideoSize target);

 private:
  Result<I420View> ToI420(ByteSpan source, PixelFormat format, VideoSize size,
                          std::span<const PlaneLayout> planes);

  I420Buffer converted_;
  I420Buffer scaled_;
};

}  // namespace ferry
