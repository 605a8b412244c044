// Where sound to be published comes from, at 48 kHz.
#pragma once

#include <cmath>
#include <numbers>
#include <span>
#include <utility>
#include <vector>

#include "client/media/ogg_opus.h"
#include "client/media/wav.h"
#include "core/audio/opus_encoder.h"

namespace ferry::client {

class SoundSource {
 public:
  virtual ~SoundSource() = default;
  virtual int channels() const = 0;
  // Interleaved samples; how many: fewer than fit at the end only.
  virtual size_t Read(std::span<float> out) = 0;
  virtual void Rewind() = 0;
  virtual bool endless() const = 0;
  virtual std::vector<FileNote> TakeNotes() { return {}; }
};

// A WavReader or an OggOpusReader.
template <typename File>
class FileSound final : public SoundSource {
 public:
  explicit FileSound(File file) : file_(std::move(file)) {}
  int channels() const override { return file_.channels(); }
  size_t Read(std::span<float> out) override { return file_.Read(out); }
  void Rewind() override { file_.Rewind(); }
  bool endless() const override { return false; }
  std::vector<FileNote> TakeNotes() override { return file_.notes().Take(); }

 private:
  File file_;
};

// A tone without end.
class Tone final : public SoundSource {
 public:
  explicit Tone(double hertz) : step_(2 * std::numbers::pi * hertz / kOpusSampleRate) {}
  int channels() const override { return 1; }
  size_t Read(std::span<float> out) override {
    for (float& sample : out) {
      sample = 0.25f * static_cast<float>(std::sin(phase_));
      phase_ = std::fmod(phase_ + step_, 2 * std::numbers::pi);
    }
    return out.size();
  }
  void Rewind() override { phase_ = 0; }
  bool endless() const override { return true; }

 private:
  const double step_;
  double phase_ = 0;
};

}  // namespace ferry::client
