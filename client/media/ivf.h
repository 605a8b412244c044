// IVF files: encoded video, a frame after the other, as libvpx's tools and FFmpeg write them.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/video/codec/i420.h"

namespace ferry::client {

class IvfReader {
 public:
  // Larger frames end the file.
  static constexpr uint32_t kMaxFrameBytes = 4 * 1024 * 1024;

  // Fails for other codecs than VP8.
  static Result<IvfReader> Open(const std::string& path);

  VideoSize size() const { return size_; }
  // What the file's time base says; files with another meaning of it play at the wrong speed.
  double fps() const { return fps_; }
  // False at the end, also of a frame that is cut short; the next call begins anew.
  bool Read(std::vector<uint8_t>& frame);
  void Rewind();

 private:
  std::ifstream file_;
  std::streampos first_frame_;
  VideoSize size_;
  double fps_ = 0;
};

}  // namespace ferry::client
