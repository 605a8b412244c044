#include "core/audio/time_stretcher.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace ferry {
namespace {

constexpr size_t kWindow = TimeStretcher::kMaxLag;  // 15 ms is compared with 15 ms
constexpr size_t kRegion = kWindow + TimeStretcher::kMaxLag;
// The coarse search runs on every eighth sample (6 kHz): a pitch is far below 3 kHz.
constexpr size_t kDecimation = 8;
// Below -60 dB of full scale nobody hears a cut.
constexpr float kQuietMeanSquare = 1e-6f;

using Region = std::array<float, kRegion>;

// Two neighbouring stretches of sound as one mono signal.
void MixDown(std::span<const float> first, std::span<const float> second, size_t channels,
             Region& mono) {
  size_t i = 0;
  for (const std::span<const float> part : {first, second}) {
    for (size_t k = 0; k + channels <= part.size() && i < kRegion; k += channels, ++i) {
      mono[i] = channels == 2 ? 0.5f * (part[k] + part[k + 1]) : part[k];
    }
  }
}

float Correlation(const float* a, const float* b, size_t count) {
  float ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < count; ++i) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  const float energy = aa * bb;
  return energy > 0 && std::isfinite(energy) ? ab / std::sqrt(energy) : 0.0f;
}

struct Match {
  size_t lag = 0;
  float correlation = 0;
};

// Compares a window of `region` with the window `lag` later, for every lag allowed. The earlier
// window starts at 0 or, `from_end`, is placed so that the later one always ends the region.
Match FindLag(const Region& region, const TimeStretcher::Options& options, bool from_end) {
  constexpr size_t kCoarse = kRegion / kDecimation;
  constexpr size_t kCoarseWindow = kWindow / kDecimation;
  std::array<float, kCoarse> coarse;
  for (size_t i = 0; i < kCoarse; ++i) {
    float sum = 0;
    for (size_t k = 0; k < kDecimation; ++k) sum += region[i * kDecimation + k];
    coarse[i] = sum;
  }
  const size_t max_lag =
      std::clamp(options.max_lag, TimeStretcher::kMinLag, TimeStretcher::kMaxLag);
  Match best;
  for (size_t lag = TimeStretcher::kMinLag / kDecimation; lag <= max_lag / kDecimation; ++lag) {
    const size_t later = from_end ? kCoarse - kCoarseWindow : lag;
    const float c = Correlation(&coarse[later - lag], &coarse[later], kCoarseWindow);
    const bool longer_will_do = options.prefer_long && c > 0.97f * best.correlation;
    if (c > best.correlation || longer_will_do) best = {lag * kDecimation, c};
  }
  if (best.lag == 0) return best;
  Match fine;
  const size_t first = std::max(best.lag - kDecimation, TimeStretcher::kMinLag);
  const size_t last = std::min(best.lag + kDecimation, max_lag);
  for (size_t lag = first; lag <= last; ++lag) {
    const size_t later = from_end ? kRegion - kWindow : lag;
    const float c = Correlation(&region[later - lag], &region[later], kWindow);
    if (c > fine.correlation) fine = {lag, c};
  }
  return fine;
}

bool IsQuiet(const Region& region) {
  float energy = 0;
  for (const float sample : region) energy += sample * sample;
  return energy < kQuietMeanSquare * static_cast<float>(kRegion);
}

// The lag to change the length by, or 0.
size_t ChooseLag(const Region& region, const TimeStretcher::Options& options, bool from_end) {
  const Match match = FindLag(region, options, from_end);
  if (match.lag != 0 && match.correlation >= options.min_correlation) return match.lag;
  if (IsQuiet(region)) {
    return std::clamp(options.max_lag, TimeStretcher::kMinLag, TimeStretcher::kMaxLag);
  }
  return 0;
}

// out = from, becoming to. Linear, for sounds alike.
void CrossFade(std::span<const float> from, std::span<const float> to, size_t channels,
               std::span<float> out) {
  const size_t count = out.size() / channels;
  for (size_t i = 0; i < count; ++i) {
    const float w = (static_cast<float>(i) + 0.5f) / static_cast<float>(count);
    for (size_t c = 0; c < channels; ++c) {
      const size_t k = i * channels + c;
      out[k] = from[k] + (to[k] - from[k]) * w;
    }
  }
}

}  // namespace

// x[0..L) fades into x[L..2L), and the sound goes on from 2L: L samples are gone.
size_t TimeStretcher::Accelerate(PlayoutBuffer& buffer, const Options& options) {
  if (buffer.size() < kAccelerateNeeds) return 0;
  const auto channels = static_cast<size_t>(buffer.channels());
  Region region;
  const std::span<float> future = buffer.future();
  MixDown(future, {}, channels, region);
  const size_t lag = ChooseLag(region, options, false);
  if (lag == 0) return 0;
  const size_t length = lag * channels;
  CrossFade(future.first(length), future.subspan(length, length), channels, future.first(length));
  buffer.Erase(lag, lag);
  return lag;
}

// Before x[0] goes x[0..L) fading into x[-L..0): it starts as what is to come and ends as what has
// been, so that both seams fit.
size_t TimeStretcher::Expand(PlayoutBuffer& buffer, const Options& options) {
  if (buffer.size() < kExpandNeeds) return 0;
  const auto channels = static_cast<size_t>(buffer.channels());
  Region region;
  const std::span<const float> future = buffer.future();
  MixDown(buffer.History(kMaxLag), future, channels, region);
  const size_t lag = ChooseLag(region, options, true);
  if (lag == 0) return 0;
  std::vector<float> inserted(lag * channels);
  CrossFade(future.first(lag * channels), buffer.History(lag), channels, inserted);
  buffer.InsertFront(inserted);
  return lag;
}

void TimeStretcher::Join(const PlayoutBuffer& buffer, std::span<float> next) {
  const auto channels = static_cast<size_t>(buffer.channels());
  Region region;
  MixDown(buffer.Tail(kRegion), {}, channels, region);
  const Match match = FindLag(region, Options{}, true);
  const size_t lag = match.lag != 0 ? match.lag : kMaxLag;
  const std::span<const float> period = buffer.Tail(lag);
  const size_t count = std::min(kJoin, next.size() / channels);
  for (size_t i = 0; i < count; ++i) {
    const float w = (static_cast<float>(i) + 0.5f) / static_cast<float>(count);
    for (size_t c = 0; c < channels; ++c) {
      const float old = period[(i % lag) * channels + c];
      float& sample = next[i * channels + c];
      sample = old + (sample - old) * w;
    }
  }
}

}  // namespace ferry
