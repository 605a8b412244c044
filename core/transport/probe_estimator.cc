#include "core/transport/probe_estimator.h"

#include <algorithm>

namespace ferry::transport {
namespace {
// As in libwebrtc: four packets at least and 80 % of what was planned make a measurement; one that
// took over a second, or that arrived twice as fast as it was sent, measures something else.
constexpr int kMinPackets = 4;
constexpr double kMinReceived = 0.8;
constexpr Duration kMaxInterval = Duration::Seconds(1);
constexpr double kMaxSpeedUp = 2;
// Arriving slower than this share of the sending rate, the probe has filled the link: what arrived
// is the capacity, of which a little is left free.
constexpr double kSaturated = 0.9;
constexpr double kHeadroom = 0.95;

double BitsPerSecond(int64_t bytes, Duration time) {
  return static_cast<double>(bytes) * 8 / time.seconds_f();
}
}  // namespace

void ProbeEstimator::Add(const ProbeCluster& cluster) {
  clusters_[next_] = Cluster{.config = cluster};
  next_ = (next_ + 1) % kMaxClusters;
}

void ProbeEstimator::OnPacket(ProbeClusterId id, Timestamp sent, Timestamp arrived, int64_t bytes) {
  if (id == kNoProbe) return;
  const auto found =
      std::ranges::find_if(clusters_, [id](const Cluster& c) { return c.config.id == id; });
  if (found == clusters_.end()) return;
  Cluster& cluster = *found;
  const bool first = cluster.packets++ == 0;
  cluster.bytes += bytes;
  cluster.first_sent = std::min(cluster.first_sent, sent);
  if (first || sent >= cluster.last_sent) {
    cluster.last_sent = sent;
    cluster.last_sent_bytes = bytes;
  }
  if (arrived < cluster.first_arrived) {
    cluster.first_arrived = arrived;
    cluster.first_arrived_bytes = bytes;
  }
  cluster.last_arrived = first ? arrived : std::max(cluster.last_arrived, arrived);
}

std::optional<ProbeEstimator::Result> ProbeEstimator::TakeResult(double inherent_loss) {
  for (Cluster& cluster : clusters_) {
    if (cluster.config.id == kNoProbe) continue;
    const std::optional<DataRate> rate = Measure(cluster, inherent_loss);
    if (!rate) continue;
    const Result result{cluster.config, *rate};
    cluster = {};
    return result;
  }
  return std::nullopt;
}

std::optional<DataRate> ProbeEstimator::Measure(const Cluster& cluster, double inherent_loss) {
  const double arriving = 1 - inherent_loss;
  const double needed = kMinReceived * arriving;
  if (cluster.packets < std::max<double>(kMinPackets, cluster.config.min_packets * needed) ||
      static_cast<double>(cluster.bytes) < static_cast<double>(cluster.config.min_bytes) * needed) {
    return std::nullopt;
  }
  const Duration sent = cluster.last_sent - cluster.first_sent;
  const Duration arrived = cluster.last_arrived - cluster.first_arrived;
  if (sent <= Duration::Zero() || sent > kMaxInterval) return std::nullopt;
  if (arrived <= Duration::Zero() || arrived > kMaxInterval) return std::nullopt;
  // The bytes between the first and the last moment: the last packet was sent at the end of the
  // one, the first had arrived at the beginning of the other.
  const double sent_bps = BitsPerSecond(cluster.bytes - cluster.last_sent_bytes, sent);
  const double arrived_bps = BitsPerSecond(cluster.bytes - cluster.first_arrived_bytes, arrived);
  if (arrived_bps > kMaxSpeedUp * sent_bps) return std::nullopt;
  const double bps = arrived_bps < kSaturated * sent_bps ? kHeadroom * arrived_bps
                                                         : std::min(sent_bps, arrived_bps);
  return DataRate::BitsPerSec(static_cast<int64_t>(bps / arriving));
}

}  // namespace ferry::transport
