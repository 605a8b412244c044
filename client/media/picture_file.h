// A Y4M file of whatever pictures come: of the first one's size, to which others are scaled.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/media/y4m.h"
#include "core/video/codec/frame_converter.h"

namespace ferry::client {

class PictureFile {
 public:
  PictureFile(std::string path, int fps) : path_(std::move(path)), fps_(fps) {}

  // Others than the first keep their shape, between black bars.
  Result<void> Write(const I420View& picture);
  // At the end.
  Result<void> Finish();

  const std::string& path() const { return path_; }
  // Of the file; 0×0 before the first picture.
  VideoSize size() const { return writer_ ? writer_->size() : VideoSize{}; }
  uint64_t written() const { return written_; }
  uint64_t scaled() const { return scaled_; }

 private:
  Result<I420View> Scaled(const I420View& picture);

  std::string path_;
  int fps_;
  std::optional<Y4mWriter> writer_;
  FrameConverter scaler_;
  I420Buffer tight_;
  I420Buffer framed_;
  uint64_t written_ = 0;
  uint64_t scaled_ = 0;
};

}  // namespace ferry::client
