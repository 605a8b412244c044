// Sounds for tests, of one channel at 48 kHz.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "core/audio/opus_encoder.h"

namespace ferry {

// A voice-like signal of `samples` at 48 kHz: a gliding pitch with harmonics, loud and soft in
// turns, as syllables are.
inline std::vector<float> MakeVoice(size_t samples) {
  std::vector<float> out(samples);
  double phase = 0;
  for (size_t i = 0; i < samples; ++i) {
    const double t = static_cast<double>(i) / kOpusSampleRate;
    const double pitch = 150 + 30 * std::sin(2 * std::numbers::pi * 0.7 * t);
    phase += 2 * std::numbers::pi * pitch / kOpusSampleRate;
    double sum = 0;
    for (int h = 1; h <= 12; ++h) sum += std::sin(h * phase) / h;
    const double syllable = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * 3 * t);
    out[i] = static_cast<float>(0.15 * sum * (0.15 + 0.85 * syllable));
  }
  return out;
}

// A steady sine, whose continuity is easily judged.
inline std::vector<float> MakeTone(size_t samples, double hertz, double amplitude) {
  std::vector<float> out(samples);
  for (size_t i = 0; i < samples; ++i) {
    out[i] = static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * hertz *
                                                     static_cast<double>(i) / kOpusSampleRate));
  }
  return out;
}

}  // namespace ferry
