#include "client/media/picture_file.h"

#include <algorithm>

#include "client/media/simulcast.h"

namespace ferry::client {
namespace {

constexpr uint8_t kBlack = 16;  // BT.601, limited range
constexpr uint8_t kGrey = 128;

// One plane into another, its upper left corner there.
void CopyPlane(const uint8_t* from, int from_stride, uint8_t* to, int to_stride, int width,
               int height) {
  for (int y = 0; y < height; ++y) {
    std::copy_n(from + ptrdiff_t{y} * from_stride, width, to + ptrdiff_t{y} * to_stride);
  }
}

}  // namespace

Result<void> PictureFile::Write(const I420View& picture) {
  if (!writer_) {
    auto writer = Y4mWriter::Create(path_, picture.size, fps_);
    if (!writer) return std::unexpected(writer.error());
    writer_.emplace(std::move(*writer));
  }
  if (picture.size == writer_->size()) {
    writer_->Write(picture);
  } else {
    const auto scaled = Scaled(picture);
    if (!scaled) return std::unexpected(scaled.error());
    writer_->Write(*scaled);
    ++scaled_;
  }
  if (!writer_->ok()) return Fail(ErrorCode::kNotFound, "cannot write " + path_);
  ++written_;
  return {};
}

Result<I420View> PictureFile::Scaled(const I420View& picture) {
  const VideoSize size = picture.size;
  tight_.Resize(size);
  CopyPlane(picture.y, picture.stride_y, tight_.y(), tight_.stride_y(), size.width, size.height);
  CopyPlane(picture.u, picture.stride_uv, tight_.u(), tight_.stride_uv(), size.chroma_width(),
            size.chroma_height());
  CopyPlane(picture.v, picture.stride_uv, tight_.v(), tight_.stride_uv(), size.chroma_width(),
            size.chroma_height());
  const VideoSize whole = writer_->size();
  const ByteSpan bytes(tight_.y(), TightFrameBytes(PixelFormat::kI420, size));
  const auto scaled = scaler_.Convert(bytes, PixelFormat::kI420, size, {}, FitWithin(size, whole));
  if (!scaled) return std::unexpected(scaled.error());

  framed_.Resize(whole);
  std::fill(framed_.y(), framed_.u(), kBlack);
  std::fill_n(
      framed_.u(),
      TightFrameBytes(PixelFormat::kI420, whole) - static_cast<size_t>(framed_.u() - framed_.y()),
      kGrey);
  // An even place, so that the planes stay together.
  const int x = (whole.width - scaled->size.width) / 4 * 2;
  const int y = (whole.height - scaled->size.height) / 4 * 2;
  const int width = std::min(scaled->size.chroma_width(), whole.chroma_width() - x / 2);
  const int height = std::min(scaled->size.chroma_height(), whole.chroma_height() - y / 2);
  CopyPlane(scaled->y, scaled->stride_y, framed_.y() + ptrdiff_t{y} * framed_.stride_y() + x,
            framed_.stride_y(), scaled->size.width, scaled->size.height);
  const ptrdiff_t chroma = ptrdiff_t{y / 2} * framed_.stride_uv() + x / 2;
  CopyPlane(scaled->u, scaled->stride_uv, framed_.u() + chroma, framed_.stride_uv(), width, height);
  CopyPlane(scaled->v, scaled->stride_uv, framed_.v() + chroma, framed_.stride_uv(), width, height);
  return framed_.view();
}

Result<void> PictureFile::Finish() {
  if (writer_ && !writer_->Finish()) return Fail(ErrorCode::kNotFound, "cannot write " + path_);
  return {};
}

}  // namespace ferry::client
