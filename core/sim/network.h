// A deterministic one-way network in virtual time, for tests: delay, jitter, loss (independent or
// in bursts), rate with a drop-tail queue, reordering, duplication. The same seed gives the same
// run.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <random>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/units.h"

namespace ferry::sim {

struct LinkConfig {
  Duration delay;
  Duration jitter;                 // added delay, uniform in [0, jitter], order kept unless reorder
  double loss = 0;                 // probability of a packet's loss
  double mean_burst = 1;           // mean length of a run of losses (Gilbert); 1: independent
  double duplicate = 0;            // probability of a second copy
  bool reorder = false;            // whether jitter may let packets overtake
  DataRate rate;                   // zero: unlimited
  size_t queue_bytes = 64 * 1024;  // beyond it packets are dropped (only with a rate)
  uint64_t seed = 1;
};

struct LinkStats {
  uint64_t sent = 0;
  uint64_t delivered = 0;
  uint64_t lost = 0;
  uint64_t queue_dropped = 0;
};

class Link {
 public:
  explicit Link(const LinkConfig& config);

  // Changes the conditions for packets sent from now on.
  void Configure(const LinkConfig& config);
  void Send(ByteSpan packet, Timestamp now);
  // The next packet whose time has come, or nullopt.
  std::optional<std::vector<uint8_t>> Receive(Timestamp now);
  // When Receive will have one; Infinite when nothing is under way.
  Timestamp NextArrival() const;
  const LinkStats& stats() const { return stats_; }

 private:
  struct InFlight {
    Timestamp arrival;
    uint64_t order;
    std::vector<uint8_t> packet;
    bool operator>(const InFlight& o) const {
      return arrival != o.arrival ? arrival > o.arrival : order > o.order;
    }
  };
  bool Lose();
  void Deliver(ByteSpan packet, Timestamp departure);

  LinkConfig config_;
  std::mt19937_64 random_;
  std::priority_queue<InFlight, std::vector<InFlight>, std::greater<>> in_flight_;
  uint64_t order_ = 0;
  bool in_burst_ = false;
  Timestamp last_arrival_;
  Timestamp line_free_;
  LinkStats stats_;
};

}  // namespace ferry::sim
