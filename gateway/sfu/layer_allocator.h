// Shares one subscriber's bandwidth between the videos it is subscribed to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/units.h"
#include "gateway/sfu/layer_rates.h"
#include "gateway/sfu/stream.h"
#include "gateway/sfu/subscription.h"

namespace ferry::gateway {

// One video, and what of it may be forwarded.
struct VideoDemand {
  struct Option {
    VideoLayer layer;
    DataRate rate;
  };
  static constexpr size_t kMaxOptions = kMaxEncodings * LayerRates::kMaxTemporalLayers;

  std::array<Option, kMaxOptions> options;  // from the least to the best that is wanted
  size_t count = 0;                         // 0: nothing is wanted
  double weight = 0;                        // size of the tile, in pixels
  size_t current = 0;                       // options in use at present; 0: none
  size_t chosen = 0;                        // likewise, the result
};

// What is wanted of a stream: `encodings` of its publication and their measured `rates`;
// `forwarded` is the layer in use at present.
VideoDemand DemandOf(std::span<const EncodingInfo> encodings, const LayerRates& rates,
                     const LayerPreference& preference, const VideoLayer& forwarded);
// The best that is wanted.
VideoLayer BestLayer(std::span<const EncodingInfo> encodings, const LayerPreference& preference);
// The sum of the best that is wanted.
DataRate WantedRate(std::span<const VideoDemand> demands);

// Chooses for each: first all get the least, the largest tile first, and the largest one in any
// case; then whoever has the lowest bitrate for the size of its tile is raised, as long as there is
// something left. What is better than at present has to fit with this factor of headroom, so that
// layers do not flap; without, nothing that is forwarded is raised.
void AllocateLayers(DataRate budget, std::optional<double> headroom,
                    std::span<VideoDemand> demands);

}  // namespace ferry::gateway
