// The bitrate of each layer of a video stream, measured where it is forwarded.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "core/base/units.h"
#include "gateway/sfu/stream.h"

namespace ferry::gateway {

class LayerRates {
 public:
  static constexpr size_t kMaxTemporalLayers = 4;
  // Long enough for a frame of each temporal layer, short against a change of quality.
  static constexpr Duration kWindow = Duration::Millis(500);

  void OnPacket(size_t encoding, uint8_t temporal_id, size_t bytes) {
    layers_[encoding][std::min<size_t>(temporal_id, kMaxTemporalLayers - 1)].bytes += bytes;
  }
  void Tick(Timestamp now) {
    if (now - window_start_ < kWindow) return;
    const double seconds = (now - window_start_).seconds_f();
    for (auto& encoding : layers_) {
      for (Layer& layer : encoding) {
        const double bps = static_cast<double>(std::exchange(layer.bytes, 0)) * 8 / seconds;
        layer.bps = layer.bps > 0 ? layer.bps + (bps - layer.bps) * kSmoothing : bps;
      }
    }
    window_start_ = now;
  }

  // Of the temporal layers up to this one together.
  DataRate rate(size_t encoding, size_t max_temporal_id) const {
    double bps = 0;
    for (size_t i = 0; i <= max_temporal_id && i < kMaxTemporalLayers; ++i) {
      bps += layers_[encoding][i].bps;
    }
    return DataRate::BitsPerSec(static_cast<int64_t>(bps));
  }
  size_t temporal_layers(size_t encoding) const {
    size_t count = 1;
    for (size_t i = 1; i < kMaxTemporalLayers; ++i) {
      if (layers_[encoding][i].bps > kSilentBps) count = i + 1;
    }
    return count;
  }

 private:
  static constexpr double kSmoothing = 0.5;  // a key frame in one window in ten is no new rate
  static constexpr double kSilentBps = 1000;

  struct Layer {
    size_t bytes = 0;
    double bps = 0;
  };
  std::array<std::array<Layer, kMaxTemporalLayers>, kMaxEncodings> layers_{};
  Timestamp window_start_;
};

}  // namespace ferry::gateway
