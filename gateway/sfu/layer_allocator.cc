#include "gateway/sfu/layer_allocator.h"

#include <algorithm>

namespace ferry::gateway {
namespace {

// Of a tile whose size is not told.
constexpr double kDefaultTilePixels = 640 * 360;
// The small encoding serves tiles up to this much larger than itself.
constexpr double kUpscaling = 1.3;
// Assumed before anything was measured, when the publisher did not tell either.
constexpr DataRate kAssumedRate = DataRate::KilobitsPerSec(500);

bool SmallSuffices(const EncodingInfo& small, const LayerPreference& preference) {
  if (preference.choice != LayerChoice::kAuto) return preference.choice == LayerChoice::kSmall;
  if (preference.width == 0 || preference.height == 0 || small.width == 0 || small.height == 0)
    return false;
  return preference.width <= small.width * kUpscaling ||
         preference.height <= small.height * kUpscaling;
}

}  // namespace

VideoDemand DemandOf(std::span<const EncodingInfo> encodings, const LayerRates& rates,
                     const LayerPreference& preference, const VideoLayer& forwarded) {
  VideoDemand demand;
  if (preference.paused || encodings.empty()) return demand;
  demand.weight =
      preference.width > 0 && preference.height > 0
          ? static_cast<double>(preference.width) * static_cast<double>(preference.height)
          : kDefaultTilePixels;
  const size_t worst = std::min(encodings.size(), kMaxEncodings) - 1;
  const size_t best = worst > 0 && SmallSuffices(encodings[worst], preference) ? worst : 0;
  for (size_t encoding = worst + 1; encoding-- > best;) {
    const size_t layers = rates.temporal_layers(encoding);
    for (size_t temporal = 0; temporal < layers; ++temporal) {
      const bool all = temporal + 1 == layers;
      VideoDemand::Option& option = demand.options[demand.count++];
      option.layer = {encoding,
                      all ? VideoLayer::kAllTemporalLayers : static_cast<uint8_t>(temporal)};
      option.rate = rates.rate(encoding, all ? LayerRates::kMaxTemporalLayers : temporal);
      if (option.rate.bps() == 0) {
        const uint32_t told = encodings[encoding].max_bitrate_bps;
        option.rate = told != 0 ? DataRate::BitsPerSec(told) : kAssumedRate;
      }
      if (option.layer == forwarded) demand.current = demand.count;
    }
  }
  return demand;
}

VideoLayer BestLayer(std::span<const EncodingInfo> encodings, const LayerPreference& preference) {
  const VideoDemand demand = DemandOf(encodings, LayerRates(), preference, {});
  return demand.count > 0 ? demand.options[demand.count - 1].layer : VideoLayer{};
}

DataRate WantedRate(std::span<const VideoDemand> demands) {
  int64_t bps = 0;
  for (const VideoDemand& demand : demands) {
    if (demand.count > 0) bps += demand.options[demand.count - 1].rate.bps();
  }
  return DataRate::BitsPerSec(bps);
}

void AllocateLayers(DataRate budget, std::optional<double> headroom,
                    std::span<VideoDemand> demands) {
  double left = static_cast<double>(budget.bps());
  const auto cost = [&](const VideoDemand& demand, size_t chosen) {
    if (chosen == 0) return 0.0;
    const auto bps = static_cast<double>(demand.options[chosen - 1].rate.bps());
    return chosen > demand.current ? bps * headroom.value_or(1) : bps;
  };
  for (VideoDemand& demand : demands) demand.chosen = 0;

  bool first = true;
  while (true) {
    VideoDemand* largest = nullptr;
    for (VideoDemand& demand : demands) {
      if (demand.chosen != 0 || demand.count == 0) continue;
      if (!first && cost(demand, 1) > left) continue;
      if (largest == nullptr || demand.weight > largest->weight) largest = &demand;
    }
    if (largest == nullptr) break;
    largest->chosen = 1;
    left -= cost(*largest, 1);
    first = false;
  }
  while (true) {
    VideoDemand* poorest = nullptr;
    double lowest = 0;
    for (VideoDemand& demand : demands) {
      if (demand.chosen == 0 || demand.chosen == demand.count) continue;
      const size_t next = demand.chosen + 1;
      if (!headroom && next > demand.current) continue;
      if (cost(demand, next) - cost(demand, demand.chosen) > left) continue;
      const double share = cost(demand, demand.chosen) / demand.weight;
      if (poorest == nullptr || share < lowest) {
        poorest = &demand;
        lowest = share;
      }
    }
    if (poorest == nullptr) break;
    left -= cost(*poorest, poorest->chosen + 1) - cost(*poorest, poorest->chosen);
    ++poorest->chosen;
  }
}

}  // namespace ferry::gateway
