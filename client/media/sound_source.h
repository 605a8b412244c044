// Where sound to be published comes from, at 48 kHz.
#pragma once

#include <cmath>
#include <numbers>
#include <span>

#include "client/media/ogg_opus.h"
#include "client/media/wav.h"
#include "core/audio/opus_encoder.h"

namespace ferry::client {

class SoundSource {
 public:
  virtual ~SoundSource() = default;
  virtual int channels() const = 0;
  // Interleaved. False at the end, and then nothing is in `out`; the next call begins anew.
  virtual bool Next(std::span<float> out) = 0;
};

// A WavReader or an OggOpusReader.
template <typename File>
class FileSound final : public SoundSource {
 public:
  explicit FileSound(File file) : file_(std::move(file)) {}
  int channels() const override { return file_.channels(); }
  bool Next(std::span<float> out) override { return file_.Read(out); }

 private:
  File file_;
};

// A tone without end.
class Tone final : public SoundSource {
 public:
  explicit Tone(double hertz) : step_(2 * std::numbers::pi * hertz / kOpusSampleRate) {}
  int channels() const override { return 1; }
  bool Next(std::span<float> out) override {
    for (float& sample : out) {
      sample = 0.25f * static_cast<float>(std::sin(phase_));
      phase_ = std::fmod(phase_ + step_, 2 * std::numbers::pi);
    }
    return true;
  }

 private:
  const double step_;
  double phase_ = 0;
};

}  // namespace ferry::client
