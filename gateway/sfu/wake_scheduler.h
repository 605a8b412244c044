// Wakes the connections whose senders hold something back for pacing, all at one tick: a timer each
// would cost more than their packets.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "core/base/units.h"
#include "net/connection.h"

namespace ferry::gateway {

// The worker calls Run at the next moment of the tick when there is something to wake: where
// packets leave as they come, no timer is needed.
class WakeScheduler {
 public:
  static constexpr Duration kInterval = Duration::Millis(5);

  // `wanted` is called when there is something to wake where there was nothing.
  void set_wanted(std::function<void()> wanted) { wanted_ = std::move(wanted); }
  bool empty() const { return waiting_.empty(); }
  // Counts the runs: a connection is added once in each round.
  uint64_t round() const { return round_; }
  void Add(net::Connection& connection) {
    waiting_.push_back(&connection);
    if (waiting_.size() == 1 && wanted_) wanted_();
  }
  // The connection is about to go.
  void Remove(net::Connection& connection) { std::erase(waiting_, &connection); }
  void Run() {
    ++round_;
    waking_.swap(waiting_);
    for (net::Connection* connection : waking_) connection->Wake();
    waking_.clear();
  }

 private:
  std::function<void()> wanted_;
  std::vector<net::Connection*> waiting_;
  std::vector<net::Connection*> waking_;
  uint64_t round_ = 1;
};

}  // namespace ferry::gateway
