// IVF files: encoded video, a frame after the other, as libvpx's tools and FFmpeg write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/media/file_notes.h"
#include "client/media/input_file.h"
#include "core/base/error.h"
#include "core/base/units.h"
#include "core/video/codec/i420.h"

namespace ferry::client {

struct IvfFrame {
  std::vector<uint8_t> data;  // not empty
  bool keyframe = false;
  uint64_t timestamp = 0;  // in ticks of the file
};

class IvfReader {
 public:
  // Larger frames end the file.
  static constexpr uint32_t kMaxFrameBytes = 4 * 1024 * 1024;
  // A frame that is nearer to the one before, or further, follows after the usual interval.
  static constexpr Duration kMinInterval = Duration::Millis(1);
  static constexpr Duration kMaxInterval = Duration::Seconds(60);

  // Fails for other codecs than VP8, and where there is no key frame. A file that can be begun anew
  // is read through.
  static Result<IvfReader> Open(InputFile file);

  // Of the pictures, where the file could be read through; else what its header says.
  VideoSize size() const { return size_; }
  // Most of what was found in a second; nullopt where the file could not be read through.
  std::optional<DataRate> peak_bitrate() const { return peak_; }
  bool rewindable() const { return file_.seekable(); }
  FileNotes& notes() { return notes_; }

  // False at the end, and where the file is damaged, of which there is a note then.
  bool Read(IvfFrame& frame);
  void Rewind();
  // From a frame of one timestamp to the next.
  Duration Interval(uint64_t from, uint64_t to);

 private:
  explicit IvfReader(InputFile file) : notes_(file.name()), file_(std::move(file)) {}
  Result<void> ReadHeader();
  Result<void> ReadThrough();

  FileNotes notes_;
  InputFile file_;
  uint64_t first_frame_ = 0;
  VideoSize size_;
  double tick_seconds_ = 0;
  std::optional<DataRate> peak_;
};

}  // namespace ferry::client
