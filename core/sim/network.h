// A deterministic one-way network in virtual time, for tests: delay, jitter, loss (independent or
// in bursts), rate with a drop-tail queue, reordering, duplication. The same seed gives the same
// run.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/units.h"

namespace ferry::sim {

struct LinkConfig {
  Duration delay;
  Duration jitter;                 // added delay, uniform in [0, jitter], order kept unless reorder
  double loss = 0;                 // probability of a packet's loss
  double mean_burst = 1;           // mean length of a run of losses (Gilbert); 1: independent,
                                   // which makes runs of 1 / (1 - loss)
  double duplicate = 0;            // probability of a second copy
  bool reorder = false;            // whether jitter may let packets overtake
  DataRate rate;                   // zero: unlimited
  size_t queue_bytes = 64 * 1024;  // beyond it packets are dropped (only with a rate)
  uint64_t seed = 1;
};

struct LinkStats {
  uint64_t sent = 0;
  uint64_t delivered = 0;   // taken by Receive, second copies too
  uint64_t duplicated = 0;  // second copies put under way
  uint64_t lost = 0;
  uint64_t queue_dropped = 0;  // the queue, or the link (Link::kMaxInFlight), was full
};

class Link {
 public:
  // Packets under way at most, so that a sender gone wild in a test cannot eat the memory.
  static constexpr size_t kMaxInFlight = 100'000;

  explicit Link(const LinkConfig& config);

  // Changes the conditions for packets sent from now on. The random sequence goes on; `seed` counts
  // at construction only.
  void Configure(const LinkConfig& config);
  // `now` must not go backwards.
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
  struct Queued {
    Timestamp departure;
    size_t bytes;
  };
  double Uniform();  // in [0, 1)
  bool Lose();
  // When the packet's last bit leaves the sender; nullopt when the queue has no room.
  std::optional<Timestamp> Queue(size_t bytes, Timestamp now);
  void Deliver(ByteSpan packet, Timestamp departure);

  LinkConfig config_;
  std::mt19937_64 random_;
  std::vector<InFlight> in_flight_;  // a heap, the first to arrive in front
  uint64_t order_ = 0;
  bool in_burst_ = false;
  Timestamp last_arrival_;
  std::deque<Queued> queue_;  // waiting for the line or on it; bounded by LinkConfig::queue_bytes
  size_t queued_bytes_ = 0;
  Timestamp line_free_;
  LinkStats stats_;
};

}  // namespace ferry::sim
