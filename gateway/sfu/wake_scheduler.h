// Wakes the connections whose senders hold something back for pacing, all at one tick: a timer each
// would cost more than their packets.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/units.h"
#include "net/connection.h"

namespace ferry::gateway {

// The worker calls Run every kInterval while there is something to wake (an idle worker needs no
// such timer).
class WakeScheduler {
 public:
  static constexpr Duration kInterval = Duration::Millis(5);

  bool empty() const { return waiting_.empty(); }
  // Counts the runs: a connection is added once in each round.
  uint64_t round() const { return round_; }
  void Add(net::Connection& connection) { waiting_.push_back(&connection); }
  // The connection is about to go.
  void Remove(net::Connection& connection) { std::erase(waiting_, &connection); }
  void Run() {
    ++round_;
    waking_.swap(waiting_);
    for (net::Connection* connection : waking_) connection->Wake();
    waking_.clear();
  }

 private:
  std::vector<net::Connection*> waiting_;
  std::vector<net::Connection*> waking_;
  uint64_t round_ = 1;
};

}  // namespace ferry::gateway
