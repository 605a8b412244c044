// YUV4MPEG2 files: pictures of planar YUV 4:2:0, 8 bits, without compression.
#pragma once

#include <fstream>
#include <string>

#include "core/base/error.h"
#include "core/video/codec/i420.h"

namespace ferry::client {

class Y4mReader {
 public:
  static Result<Y4mReader> Open(const std::string& path);

  VideoSize size() const { return size_; }
  double fps() const { return fps_; }
  // False at the end, also of a picture that is cut short; the next call begins anew.
  bool Read(I420Buffer& out);

 private:
  std::ifstream file_;
  std::streampos first_frame_;
  VideoSize size_;
  double fps_ = 0;
};

class Y4mWriter {
 public:
  static Result<Y4mWriter> Create(const std::string& path, VideoSize size, int fps);

  VideoSize size() const { return size_; }
  // `picture` is of the file's size.
  void Write(const I420View& picture);
  bool ok() const { return file_.good(); }

 private:
  std::ofstream file_;
  VideoSize size_;
};

}  // namespace ferry::client
