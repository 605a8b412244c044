// Measures what a probe found: how fast its packets were sent, and how fast they arrived.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "core/base/units.h"
#include "core/transport/probe_cluster.h"

namespace ferry::transport {

class ProbeEstimator {
 public:
  struct Result {
    ProbeCluster cluster;
    DataRate rate;
  };
  // Probes whose packets may be under way at once: two at the start, and one at a time later.
  static constexpr size_t kMaxClusters = 4;

  // Forgets the oldest when there are more.
  void Add(const ProbeCluster& cluster);
  // A packet of a probe that arrived; `arrived` by the receiver's clock.
  void OnPacket(ProbeClusterId id, Timestamp sent, Timestamp arrived, int64_t bytes);
  // The result of a probe of which enough has arrived since the last call, each probe once.
  // `inherent_loss`: the share of packets that the path loses at any rate.
  std::optional<Result> TakeResult(double inherent_loss);
  // The receiver's clock jumped: arrivals before and after cannot be compared.
  void Reset() { clusters_ = {}; }

 private:
  struct Cluster {
    ProbeCluster config;
    int packets = 0;
    int64_t bytes = 0;
    Timestamp first_sent = Timestamp::Infinite();
    Timestamp last_sent;
    int64_t last_sent_bytes = 0;
    Timestamp first_arrived = Timestamp::Infinite();
    int64_t first_arrived_bytes = 0;
    Timestamp last_arrived;
  };
  static std::optional<DataRate> Measure(const Cluster& cluster, double inherent_loss);

  std::array<Cluster, kMaxClusters> clusters_{};
  size_t next_ = 0;
};

}  // namespace ferry::transport
