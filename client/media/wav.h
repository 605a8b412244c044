// RIFF WAVE files of 48 kHz: 16-bit or float samples in, 16-bit samples out.
#pragma once

#include <cstdint>
#include <fstream>
#include <span>
#include <string>

#include "client/media/file_notes.h"
#include "client/media/input_file.h"
#include "core/base/error.h"

namespace ferry::client {

class WavReader {
 public:
  // What a program writes as the length that cannot know it, as into a pipe, is this or more: the
  // samples go on to the end of the file.
  static constexpr uint32_t kUnknownBytes = 0x7FFF'0000;

  // Fails for other sample rates than 48 kHz, for more than two channels, for other samples than
  // 16-bit and float, and where there are none.
  static Result<WavReader> Open(InputFile file);

  int channels() const { return channels_; }
  bool rewindable() const { return file_.seekable(); }
  FileNotes& notes() { return notes_; }
  // Interleaved samples in [-1, 1]; how many: fewer than fit at the end only, of which there is a
  // note when it comes too early.
  size_t Read(std::span<float> out);
  void Rewind();

 private:
  explicit WavReader(InputFile file) : notes_(file.name()), file_(std::move(file)) {}
  Result<void> ReadHeader();
  Result<void> ReadFormat(uint32_t bytes);
  size_t sample_bytes() const { return floats_ ? 4 : 2; }

  FileNotes notes_;
  InputFile file_;
  uint64_t first_sample_ = 0;
  uint64_t data_bytes_ = 0;
  uint64_t left_bytes_ = 0;
  int channels_ = 0;  // 0: the format has not come
  bool floats_ = false;
};

class WavWriter {
 public:
  static Result<WavWriter> Create(const std::string& path, int channels);

  void Write(std::span<const float> interleaved);
  // Writes the sizes into the header. At the end; whether all could be written.
  bool Finish();

 private:
  void WriteHeader();

  std::ofstream file_;
  int channels_ = 0;
  int64_t data_bytes_ = 0;
};

}  // namespace ferry::client
