#include "core/video/codec/testing/synthetic_clip.h"

#include <algorithm>
#include <cmath>

namespace ferry::testing {
namespace {

uint32_t Mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ x >> 16;
}

// 0…255 and back, in steps of one.
int Triangle(int x) {
  x &= 511;
  return x < 256 ? x : 511 - x;
}

uint8_t Clamp(int value) { return static_cast<uint8_t>(std::clamp(value, 16, 235)); }

// Glyph-like strokes: a pattern of 8x12 cells, about half of their 2x2 blocks dark.
bool IsInk(int x, int y) {
  const uint32_t cell = Mix(static_cast<uint32_t>(x / 8) * 7919u + static_cast<uint32_t>(y / 12));
  const int bit = (y % 12 / 2) * 4 + x % 8 / 2;
  return (cell >> bit & 1u) != 0 && y % 12 < 10 && x % 8 < 7;
}

int Luma(int x, int y, int index, VideoSize size) {
  // The background pans slowly.
  int value = 40 + (Triangle(x + 2 * index) + Triangle(2 * y + index)) * 5 / 16;
  // A textured disc crosses the picture.
  const int radius = size.height / 4;
  const int travel = size.width - 2 * radius;
  const int center_x = radius + std::abs((index * 5) % (2 * travel + 1) - travel);
  const int dx = x - center_x, dy = y - size.height / 2;
  if (dx * dx + dy * dy < radius * radius) {
    value = 70 + Triangle(dx * 9) / 4 + Triangle(dy * 7 + dx * dy / 16) / 4;
  }
  // A column of text scrolls up on the left.
  if (x >= 16 && x < size.width / 4 && IsInk(x - 16, y + index)) value = 30;
  // Sensor noise, new in every picture.
  const uint32_t noise =
      Mix(static_cast<uint32_t>(y * 8192 + x) + static_cast<uint32_t>(index) * 0x9e3779b9u);
  return value + static_cast<int>(noise & 3u) + static_cast<int>(noise >> 2 & 3u) - 3;
}

template <typename Visit>
void ForEachRow(const I420View& picture, Visit visit) {
  for (int y = 0; y < picture.size.height; ++y) {
    visit(0, picture.y + ptrdiff_t{y} * picture.stride_y, y, picture.size.width);
  }
  for (int y = 0; y < picture.size.chroma_height(); ++y) {
    visit(1, picture.u + ptrdiff_t{y} * picture.stride_uv, y, picture.size.chroma_width());
    visit(2, picture.v + ptrdiff_t{y} * picture.stride_uv, y, picture.size.chroma_width());
  }
}

}  // namespace

void SyntheticClip::Draw(int index, I420Buffer& out) const {
  out.Resize(size_);
  for (int y = 0; y < size_.height; ++y) {
    uint8_t* row = out.y() + ptrdiff_t{y} * out.stride_y();
    for (int x = 0; x < size_.width; ++x) row[x] = Clamp(Luma(x, y, index, size_));
  }
  for (int y = 0; y < size_.chroma_height(); ++y) {
    uint8_t* u = out.u() + ptrdiff_t{y} * out.stride_uv();
    uint8_t* v = out.v() + ptrdiff_t{y} * out.stride_uv();
    for (int x = 0; x < size_.chroma_width(); ++x) {
      u[x] = Clamp(90 + Triangle(2 * x + index) / 4);
      v[x] = Clamp(100 + Triangle(3 * y + x - index) / 5);
    }
  }
}

uint64_t HashPicture(const I420View& picture, uint64_t seed) {
  uint64_t hash = seed;
  ForEachRow(picture, [&](int, const uint8_t* row, int, int width) {
    for (int x = 0; x < width; ++x) hash = (hash ^ row[x]) * 0x100000001b3u;
  });
  return hash;
}

double MeanSquaredError(const I420View& a, const I420View& b) {
  double sum = 0, count = 0;
  const uint8_t* planes[] = {b.y, b.u, b.v};
  ForEachRow(a, [&](int plane, const uint8_t* row, int y, int width) {
    const uint8_t* other = planes[plane] + ptrdiff_t{y} * (plane == 0 ? b.stride_y : b.stride_uv);
    for (int x = 0; x < width; ++x) {
      const int difference = row[x] - other[x];
      sum += difference * difference;
    }
    count += width;
  });
  return sum / count;
}

double Psnr(double mean_squared_error) {
  return mean_squared_error > 0 ? 10 * std::log10(255.0 * 255.0 / mean_squared_error) : 100;
}

}  // namespace ferry::testing
