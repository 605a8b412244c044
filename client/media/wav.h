// RIFF WAVE files of 48 kHz: 16-bit or float samples in, 16-bit samples out.
#pragma once

#include <cstdint>
#include <fstream>
#include <span>
#include <string>

#include "core/base/error.h"

namespace ferry::client {

class WavReader {
 public:
  // Fails for other sample rates than 48 kHz, and for more than two channels.
  static Result<WavReader> Open(const std::string& path);

  int channels() const { return channels_; }
  // Interleaved samples in [-1, 1]. False at the end, when fewer are left; the next call begins
  // anew.
  bool Read(std::span<float> out);

 private:
  std::ifstream file_;
  std::streampos first_sample_;
  int64_t data_bytes_ = 0;
  int64_t left_bytes_ = 0;
  int channels_ = 0;
  bool floats_ = false;
};

class WavWriter {
 public:
  static Result<WavWriter> Create(const std::string& path, int channels);

  void Write(std::span<const float> interleaved);
  // Writes the sizes into the header. At the end.
  void Finish();
  bool ok() const { return file_.good(); }

 private:
  void WriteHeader();

  std::ofstream file_;
  int channels_ = 0;
  int64_t data_bytes_ = 0;
};

}  // namespace ferry::client
