// Threads that stand still for want of a processor, in virtual time: what they make late is no
// congestion, and what is congestion is found all the same. The bounds are what 30 seeds gave, less
// a margin.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "core/transport/testing/congestion_sim.h"

namespace ferry::transport::testing {
namespace {
using namespace literals;

constexpr DataRate kVideo = 1_mbps;
constexpr uint64_t kSeeds = 8;

sim::LinkConfig Path(DataRate rate) {
  return {.delay = 20_ms, .rate = rate, .queue_bytes = static_cast<size_t>(rate.bps() / 8 / 2)};
}

struct Starved {
  const char* name;
  std::vector<SimThread> threads;
  DataRate least;  // what the target keeps to on a wide link
};

class StarvedThreads : public ::testing::TestWithParam<Starved> {};

// Lets each thread run for 100 to 500 ms, then stand still for 200 to 400 ms, and so on.
class Starver {
 public:
  Starver(CongestionSim& sim, uint64_t seed)
      : sim_(sim), random_(seed), next_(StarvedThreads::GetParam().threads.size(), sim.now()) {}

  CongestionSimSpan Step() {
    for (size_t i = 0; i < next_.size(); ++i) {
      if (sim_.now() < next_[i]) continue;
      const Duration stall = Between(200, 400);
      sim_.Stall(StarvedThreads::GetParam().threads[i], stall);
      next_[i] = sim_.now() + stall + Between(100, 500);
    }
    return sim_.Run(5_ms);
  }

  // Returns the least target.
  DataRate Run(Duration time) {
    DataRate least = sim_.controller().target();
    for (const Timestamp end = sim_.now() + time; sim_.now() < end;) {
      least = std::min(least, Step().min_target);
    }
    return least;
  }

 private:
  Duration Between(int64_t least, int64_t most) {
    return Duration::Millis(least +
                            static_cast<int64_t>(random_() % static_cast<uint64_t>(most - least)));
  }

  CongestionSim& sim_;
  std::mt19937_64 random_;
  std::vector<Timestamp> next_;
};

TEST_P(StarvedThreads, KeepTheRateOfAWideLink) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CongestionSim sim({.forward = Path(3_mbps), .backward = {.delay = 20_ms}, .video = kVideo});
    sim.Run(5_s);
    EXPECT_GE(Starver(sim, seed).Run(60_s), GetParam().least) << "seed " << seed;
    EXPECT_TRUE(sim.RunUntil([&] { return sim.controller().target() >= kVideo; }, 8_s))
        << "seed " << seed;
  }
}

// Probes are what finds the rate again, and a standstill hits some.
TEST_P(StarvedThreads, DoNotKeepALowEstimateLow) {
  DataRate sum;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CongestionSim sim({.forward = Path(3_mbps),
                       .backward = {.delay = 20_ms},
                       .controller = {.start = 40_kbps},
                       .video = kVideo});
    Starver(sim, seed).Run(30_s);
    sum = DataRate::BitsPerSec(sum.bps() + sim.controller().target().bps());
  }
  EXPECT_GE(sum * (1.0 / kSeeds), 450_kbps);
}

TEST_P(StarvedThreads, DoNotHideThatALinkNarrows) {
  constexpr DataRate kNarrow = 400_kbps;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CongestionSim sim({.forward = Path(3_mbps), .backward = {.delay = 20_ms}, .video = kVideo});
    sim.Run(5_s);
    Starver starver(sim, seed);
    starver.Run(10_s);
    sim.SetForward(Path(kNarrow));
    EXPECT_LE(starver.Run(5_s), kNarrow * 1.2) << "seed " << seed;
    starver.Run(15_s);
    const CongestionSimSpan after = sim.Run(5_s);
    EXPECT_GE(after.mean_target, 150_kbps) << "seed " << seed;
    EXPECT_LE(after.mean_queue, 150_ms) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(
    CongestionController, StarvedThreads,
    ::testing::Values(
        Starved{"Sender", {SimThread::kSender}, 1_mbps},
        Starved{"Carrier", {SimThread::kCarrier}, 400_kbps},
        Starved{"Receiver", {SimThread::kReceiver}, 1_mbps},
        Starved{"SenderAndReceiver", {SimThread::kSender, SimThread::kReceiver}, 1_mbps},
        Starved{"CarrierAndReceiver", {SimThread::kCarrier, SimThread::kReceiver}, 350_kbps}),
    [](const auto& p) { return p.param.name; });

}  // namespace
}  // namespace ferry::transport::testing
