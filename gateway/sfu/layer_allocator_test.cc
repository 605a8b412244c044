#include "gateway/sfu/layer_allocator.h"

#include <gtest/gtest.h>

#include <vector>

namespace ferry::gateway {
namespace {

constexpr std::array<EncodingInfo, 2> kSimulcast = {
    EncodingInfo{.ssrc = 1, .width = 1280, .height = 720, .max_bitrate_bps = 2'000'000},
    EncodingInfo{.ssrc = 2, .width = 320, .height = 180, .max_bitrate_bps = 200'000}};

VideoDemand Demand(const LayerPreference& preference, size_t current = 2) {
  const std::array<VideoLayer, 3> layers = {VideoLayer{}, VideoLayer{.encoding = 1},
                                            VideoLayer{.encoding = 0}};
  return DemandOf(kSimulcast, LayerRates(), preference, layers[current]);
}
DataRate Kbps(int64_t kbps) { return DataRate::KilobitsPerSec(kbps); }

// What is chosen of each: 0 nothing, 1 small, 2 big.
std::vector<size_t> Chosen(int64_t budget_kbps, std::vector<VideoDemand> demands,
                           std::optional<double> headroom = 1.15) {
  AllocateLayers(Kbps(budget_kbps), headroom, demands);
  std::vector<size_t> chosen;
  for (const VideoDemand& demand : demands) chosen.push_back(demand.chosen);
  return chosen;
}
using Sizes = std::vector<size_t>;

TEST(LayerAllocator, ASmallTileNeedsTheSmallEncodingOnly) {
  EXPECT_EQ(Demand({.width = 320, .height = 180}).count, 1u);
  EXPECT_EQ(Demand({.width = 400, .height = 225}).count, 1u) << "a little larger";
  EXPECT_EQ(Demand({.width = 640, .height = 360}).count, 2u);
  EXPECT_EQ(Demand({}).count, 2u) << "of unknown size";
  EXPECT_EQ(Demand({.choice = LayerChoice::kBig, .width = 320, .height = 180}).count, 2u);
  EXPECT_EQ(Demand({.choice = LayerChoice::kSmall}).count, 1u);
  EXPECT_EQ(Demand({.paused = true}).count, 0u);
}

TEST(LayerAllocator, EverybodyGetsSomethingBeforeAnybodyGetsMore) {
  const VideoDemand big = Demand({.width = 1280, .height = 720});
  const VideoDemand tile = Demand({.width = 640, .height = 360});
  EXPECT_EQ(Chosen(10'000, {big, tile, tile}), (Sizes{2, 2, 2}));
  EXPECT_EQ(Chosen(2'700, {tile, big, tile}), (Sizes{1, 2, 1})) << "the largest tile is raised";
  EXPECT_EQ(Chosen(700, {tile, big, tile}), (Sizes{1, 1, 1}));
  EXPECT_EQ(Chosen(450, {tile, big, tile}), (Sizes{1, 1, 0}));
  EXPECT_EQ(Chosen(100, {tile, big, tile}), (Sizes{0, 1, 0})) << "one is shown in any case";
}

TEST(LayerAllocator, RaisingNeedsHeadroomAndKeepingDoesNot) {
  EXPECT_EQ(Chosen(2'050, {Demand({}, 2)}), (Sizes{2}));
  EXPECT_EQ(Chosen(2'050, {Demand({}, 1)}), (Sizes{1}));
  EXPECT_EQ(Chosen(2'350, {Demand({}, 1)}), (Sizes{2}));
  EXPECT_EQ(Chosen(9'000, {Demand({}, 1)}, std::nullopt), (Sizes{1})) << "not now";
  EXPECT_EQ(Chosen(9'000, {Demand({}, 0)}, std::nullopt), (Sizes{1})) << "but it begins";
}

TEST(LayerAllocator, TemporalLayersAreStepsOfTheirOwn) {
  LayerRates rates;
  rates.Tick(Timestamp::Millis(1000));
  rates.OnPacket(0, 0, 50'000);
  rates.OnPacket(0, 1, 25'000);
  rates.OnPacket(0, 2, 50'000);
  rates.Tick(Timestamp::Millis(2000));
  const std::span<const EncodingInfo> one(kSimulcast.data(), 1);
  const VideoDemand demand = DemandOf(one, rates, {}, {.encoding = 0});
  ASSERT_EQ(demand.count, 3u);
  EXPECT_EQ(demand.options[0].rate.kbps(), 400);
  EXPECT_EQ(demand.options[1].rate.kbps(), 600);
  EXPECT_EQ(demand.options[2].rate.kbps(), 1000);
  EXPECT_EQ(demand.current, 3u);
  EXPECT_EQ(Chosen(700, {demand}), (Sizes{2}));
}

}  // namespace
}  // namespace ferry::gateway
