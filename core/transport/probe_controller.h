// Decides when to probe, and at which rate: at the start, when more could be used than the estimate
// allows, and after a large drop.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "core/base/units.h"
#include "core/transport/probe_cluster.h"

namespace ferry::transport {

class ProbeController {
 public:
  struct Path {
    DataRate estimate;
    DataRate wanted;           // what could be used, were there room
    DataRate max;              // never probed beyond
    bool congested = false;    // a queue or loss now: probing would add to it
    bool stood_still = false;  // lately: what a probe measured then, or did not, tells little
  };

  // The probe to send now, if any. Called regularly, at least after each feedback.
  std::optional<ProbeCluster> Next(const Path& path, Timestamp now);
  // A probe's result, before it enters the estimate; `stood_still` as in Path.
  void OnResult(const ProbeCluster& cluster, DataRate measured, DataRate estimate,
                bool stood_still = false);

 private:
  void Queue(double bps, const Path& path);
  void WatchForDrop(const Path& path, Timestamp now);
  void Plan(const Path& path, Timestamp now);
  bool Waiting(Timestamp now) const;
  void OnNothingFound(bool stood_still);

  static constexpr size_t kMaxQueued = 2;
  std::array<DataRate, kMaxQueued> queued_{};
  size_t queued_count_ = 0;
  bool started_ = false;
  ProbeClusterId last_id_ = kNoProbe;
  std::optional<Timestamp> last_probe_;
  bool result_pending_ = false;
  int repeated_ = 0;  // probes in a row, each because a standstill hit the one before
  bool repeat_ = false;
  Duration interval_;
  DataRate probe_further_from_;  // zero: nothing further
  DataRate last_wanted_;
  DataRate last_estimate_;
  DataRate before_drop_;  // zero: no drop to recover from
  Timestamp dropped_at_;
  std::optional<Timestamp> quiet_since_;  // no congestion since
};

}  // namespace ferry::transport
