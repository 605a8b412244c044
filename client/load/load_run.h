// A run of the load generator: clients join at a steady rate, a time is measured, all leave.
//
// One thread's share; shares of one run keep in step through RunPhases.
#pragma once

#include <sys/resource.h>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "client/load/load_client.h"
#include "client/load/load_plan.h"
#include "client/load/load_stats.h"
#include "client/transport/connector.h"

namespace ferry::client {

enum class RunPhase { kJoining, kWarmingUp, kMeasuring, kDraining, kLeaving, kDone };

// Shared by all threads of a run.
struct RunPhases {
  std::atomic<int> settled = 0;  // clients that joined or failed
  std::atomic<int64_t> measure_from_us = INT64_MAX;
  std::atomic<bool> stop = false;
};

class LoadRun {
 public:
  // Clients that have neither joined nor failed this long after the last began have failed.
  static constexpr Duration kJoinTimeout = Duration::Seconds(20);

  struct Share {
    std::vector<ClientPlan> clients;
    // By place in `clients`; one transport for all, or taken in turn.
    std::vector<net::TransportKind> transports;
  };
  LoadRun(boost::asio::io_context& io, const LoadPlan& plan, Share share,
          const Connector& connector, const Clock& clock, RunPhases& phases);

  // Told when a phase begins.
  void OnPhase(std::function<void(RunPhase)> listener) { on_phase_ = std::move(listener); }
  // Ends when all clients have left.
  boost::asio::awaitable<void> Run();

  LoadStats& stats() { return stats_; }
  // How long was measured.
  Duration measured() const { return measured_to_ - measured_from_; }

 private:
  void StartClients(Timestamp now);
  boost::asio::awaitable<void> Connect(LoadClient& client, net::TransportKind transport);
  void Settle(Timestamp now);
  void Advance(Timestamp now);
  void Enter(RunPhase phase, Timestamp now);

  boost::asio::io_context& io_;
  const LoadPlan& plan_;
  const Share share_;
  Connector connector_;
  const Clock& clock_;
  RunPhases& phases_;
  std::function<void(RunPhase)> on_phase_;
  LoadStats stats_;
  std::vector<std::unique_ptr<LoadClient>> clients_;
  RunPhase phase_ = RunPhase::kJoining;
  Timestamp started_;
  Timestamp last_begun_;
  size_t begun_ = 0;
  size_t settled_ = 0;  // of the clients before it, each has joined or failed
  size_t running_ = 0;  // connections, and attempts at one
  Timestamp phase_since_;
  Timestamp measured_from_;
  Timestamp measured_to_;
  int64_t seconds_ = 0;  // whole ones of the measured time
};

}  // namespace ferry::client
