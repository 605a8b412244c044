// YUV4MPEG2 files: pictures of planar YUV 4:2:0, 8 bits, without compression.
#pragma once

#include <fstream>
#include <string>

#include "client/media/file_notes.h"
#include "client/media/input_file.h"
#include "core/base/error.h"
#include "core/video/codec/i420.h"

namespace ferry::client {

class Y4mReader {
 public:
  static constexpr double kMinFps = 1;
  static constexpr double kMaxFps = 120;

  // Fails for what is not progressive 4:2:0 of 8 bits, and where no picture follows the header.
  static Result<Y4mReader> Open(InputFile file);

  VideoSize size() const { return size_; }
  double fps() const { return fps_; }
  bool rewindable() const { return file_.seekable(); }
  FileNotes& notes() { return notes_; }
  // False at the end, and where the file is damaged, of which there is a note then.
  bool Read(I420Buffer& out);
  void Rewind();

 private:
  explicit Y4mReader(InputFile file) : notes_(file.name()), file_(std::move(file)) {}
  Result<void> ReadHeader();

  FileNotes notes_;
  InputFile file_;
  uint64_t first_frame_ = 0;
  uint64_t frames_ = 0;  // of this pass
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
  // At the end; whether all could be written.
  bool Finish() { return file_.flush().good(); }

 private:
  std::ofstream file_;
  VideoSize size_;
};

}  // namespace ferry::client
