// A moving picture made by arithmetic alone, the same on every machine: what the codecs' tests and
// benchmarks encode. It has what real pictures have: a smooth background that pans, textured
// objects that move, hard edges as of text, and sensor noise.
#pragma once

#include <cstdint>

#include "core/video/codec/i420.h"

namespace ferry::testing {

class SyntheticClip {
 public:
  explicit SyntheticClip(VideoSize size) : size_(size) {}

  // The picture number `index`, any order.
  void Draw(int index, I420Buffer& out) const;

 private:
  VideoSize size_;
};

// FNV-1a over the planes' visible bytes: equal when and only when the pictures are.
uint64_t HashPicture(const I420View& picture, uint64_t seed = 0xcbf29ce484222325u);

// Mean squared error of luma and chroma together, over all visible samples.
double MeanSquaredError(const I420View& a, const I420View& b);
// In dB, of 8-bit samples; 100 when the error is zero.
double Psnr(double mean_squared_error);

}  // namespace ferry::testing
