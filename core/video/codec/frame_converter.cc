#include "core/video/codec/frame_converter.h"

#include <array>

#include "libyuv/convert.h"
#include "libyuv/planar_functions.h"
#include "libyuv/scale.h"

namespace ferry {
namespace {

struct PlaneShape {
  size_t row_bytes;
  size_t rows;
};

PlaneShape ShapeOf(PixelFormat format, size_t plane, VideoSize size) {
  const auto width = static_cast<size_t>(size.width);
  const auto height = static_cast<size_t>(size.height);
  const auto chroma_width = static_cast<size_t>(size.chroma_width());
  const auto chroma_height = static_cast<size_t>(size.chroma_height());
  switch (format) {
    case PixelFormat::kI420:
    case PixelFormat::kI420A:
      return plane == 0 || plane == 3 ? PlaneShape{width, height}
                                      : PlaneShape{chroma_width, chroma_height};
    case PixelFormat::kNV12:
      return plane == 0 ? PlaneShape{width, height} : PlaneShape{2 * chroma_width, chroma_height};
    case PixelFormat::kRGBA:
    case PixelFormat::kRGBX:
    case PixelFormat::kBGRA:
    case PixelFormat::kBGRX:
      break;
  }
  return {4 * width, height};
}

// Planes that are read; alpha is not one of them.
size_t UsedPlanes(PixelFormat format) {
  return format == PixelFormat::kI420A ? 3 : PlaneCount(format);
}

bool Inside(ByteSpan source, const PlaneLayout& at, const PlaneShape& shape) {
  // Strides beyond this are nonsense, and within it no product overflows 64 bits.
  constexpr uint32_t kMaxStride = 1u << 24;
  if (at.stride < shape.row_bytes || at.stride > kMaxStride) return false;
  const uint64_t end =
      uint64_t{at.offset} + uint64_t{at.stride} * (shape.rows - 1) + shape.row_bytes;
  return end <= source.size();
}

}  // namespace

size_t PlaneCount(PixelFormat format) {
  switch (format) {
    case PixelFormat::kI420:
      return 3;
    case PixelFormat::kI420A:
      return 4;
    case PixelFormat::kNV12:
      return 2;
    default:
      return 1;
  }
}

size_t TightFrameBytes(PixelFormat format, VideoSize size) {
  size_t bytes = 0;
  for (size_t i = 0; i < PlaneCount(format); ++i) {
    const PlaneShape shape = ShapeOf(format, i, size);
    bytes += shape.row_bytes * shape.rows;
  }
  return bytes;
}

Result<I420View> FrameConverter::Convert(ByteSpan source, PixelFormat format, VideoSize size,
                                         std::span<const PlaneLayout> layout, VideoSize target) {
  if (!size.valid() || !target.valid()) {
    return Fail(ErrorCode::kInvalidArgument,
                "picture of " + std::to_string(size.width) + "x" + std::to_string(size.height) +
                    " to " + std::to_string(target.width) + "x" + std::to_string(target.height) +
                    ": each side must be 1 to " + std::to_string(kMaxVideoDimension));
  }
  const size_t count = PlaneCount(format);
  std::array<PlaneLayout, kMaxPlanes> planes{};
  size_t offset = 0;
  for (size_t i = 0; i < count; ++i) {
    const PlaneShape shape = ShapeOf(format, i, size);
    planes[i] = i < layout.size() ? layout[i]
                                  : PlaneLayout{static_cast<uint32_t>(offset),
                                                static_cast<uint32_t>(shape.row_bytes)};
    offset += shape.row_bytes * shape.rows;
    if (i < UsedPlanes(format) && !Inside(source, planes[i], shape)) {
      return Fail(ErrorCode::kInvalidArgument,
                  "plane " + std::to_string(i) + " (offset " + std::to_string(planes[i].offset) +
                      ", stride " + std::to_string(planes[i].stride) + ") is not inside the " +
                      std::to_string(source.size()) + " bytes of the picture");
    }
  }
  Result<I420View> picture = ToI420(source, format, size, std::span(planes).first(count));
  if (!picture || size == target) return picture;

  scaled_.Resize(target);
  // Box filtering averages what falls together when shrinking and is bilinear when growing.
  if (libyuv::I420Scale(picture->y, picture->stride_y, picture->u, picture->stride_uv, picture->v,
                        picture->stride_uv, size.width, size.height, scaled_.y(),
                        scaled_.stride_y(), scaled_.u(), scaled_.stride_uv(), scaled_.v(),
                        scaled_.stride_uv(), target.width, target.height,
                        libyuv::kFilterBox) != 0) {
    return Fail(ErrorCode::kInvalidArgument, "the picture could not be scaled");
  }
  return scaled_.view();
}

Result<I420View> FrameConverter::ToI420(ByteSpan source, PixelFormat format, VideoSize size,
                                        std::span<const PlaneLayout> planes) {
  const auto data = [&](size_t i) { return source.data() + planes[i].offset; };
  const auto stride = [&](size_t i) { return static_cast<int>(planes[i].stride); };
  const bool planar = format == PixelFormat::kI420 || format == PixelFormat::kI420A;
  if (planar && stride(1) == stride(2)) {
    return I420View{.size = size,
                    .y = data(0),
                    .u = data(1),
                    .v = data(2),
                    .stride_y = stride(0),
                    .stride_uv = stride(1)};
  }

  converted_.Resize(size);
  I420Buffer& out = converted_;
  int failed = 0;
  switch (format) {
    case PixelFormat::kI420:
    case PixelFormat::kI420A:
      failed = libyuv::I420Copy(data(0), stride(0), data(1), stride(1), data(2), stride(2), out.y(),
                                out.stride_y(), out.u(), out.stride_uv(), out.v(), out.stride_uv(),
                                size.width, size.height);
      break;
    case PixelFormat::kNV12:
      failed = libyuv::NV12ToI420(data(0), stride(0), data(1), stride(1), out.y(), out.stride_y(),
                                  out.u(), out.stride_uv(), out.v(), out.stride_uv(), size.width,
                                  size.height);
      break;
    // libyuv names the bytes of a little-endian word from the highest down.
    case PixelFormat::kRGBA:
    case PixelFormat::kRGBX:
      failed =
          libyuv::ABGRToI420(data(0), stride(0), out.y(), out.stride_y(), out.u(), out.stride_uv(),
                             out.v(), out.stride_uv(), size.width, size.height);
      break;
    case PixelFormat::kBGRA:
    case PixelFormat::kBGRX:
      failed =
          libyuv::ARGBToI420(data(0), stride(0), out.y(), out.stride_y(), out.u(), out.stride_uv(),
                             out.v(), out.stride_uv(), size.width, size.height);
      break;
  }
  if (failed) return Fail(ErrorCode::kInvalidArgument, "the picture could not be converted");
  return out.view();
}

}  // namespace ferry
