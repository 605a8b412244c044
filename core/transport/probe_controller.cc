#include "core/transport/probe_controller.h"

#include <algorithm>

namespace ferry::transport {
namespace {
// Where no other reason stands, as in libwebrtc.
constexpr double kFirstProbe = 3;
constexpr double kSecondProbe = 6;
constexpr double kFurtherProbe = 2;
// A probe that arrived at this share of its rate has not found the end.
constexpr double kFurtherThreshold = 0.7;
constexpr double kPeriodicProbe = 2;
constexpr double kMaxOfWanted = 2;
// Less gain than this is not worth a burst.
constexpr double kWorthwhile = 1.05;
constexpr Duration kResultTimeout = Duration::Seconds(1);
// Probes that found nothing come less often: each costs some milliseconds of queue.
constexpr Duration kMinInterval = Duration::Seconds(5);
constexpr Duration kMaxInterval = Duration::Seconds(10);
constexpr double kIntervalGrowth = 1.5;
// More is wanted than before: no need to wait for the interval.
constexpr Duration kMinSpacing = Duration::Seconds(1);
constexpr double kDrop = 0.66;
constexpr double kProbeAfterDrop = 0.85;
constexpr Duration kDropTimeout = Duration::Seconds(5);
// A probe that a standstill hit is repeated soon, so many times in a row. Less than this share of
// the estimate is no measure of a path that carried as much.
constexpr int kMaxRepeated = 10;
constexpr double kHit = 0.5;
constexpr Duration kQuietBeforeProbe = Duration::Seconds(1);
// A burst of five packets, and of 15 ms.
constexpr int kMinPackets = 5;
constexpr double kProbeSeconds = 0.015;
}  // namespace

std::optional<ProbeCluster> ProbeController::Next(const Path& path, Timestamp now) {
  WatchForDrop(path, now);
  if (path.congested) {
    queued_count_ = 0;
    probe_further_from_ = {};
    quiet_since_.reset();
  } else {
    if (!quiet_since_) quiet_since_ = now;
    if (queued_count_ == 0 && path.wanted > path.estimate * kWorthwhile) Plan(path, now);
  }
  last_wanted_ = path.wanted;
  if (queued_count_ == 0) return std::nullopt;

  const DataRate rate = queued_[0];
  queued_[0] = queued_[1];
  --queued_count_;
  if (++last_id_ == kNoProbe) ++last_id_;
  last_probe_ = now;
  result_pending_ = true;
  return ProbeCluster{
      .id = last_id_,
      .rate = rate,
      .min_packets = kMinPackets,
      .min_bytes = static_cast<int64_t>(static_cast<double>(rate.bps()) / 8 * kProbeSeconds)};
}

void ProbeController::Plan(const Path& path, Timestamp now) {
  const auto estimate_bps = static_cast<double>(path.estimate.bps());
  if (!started_) {
    started_ = true;
    interval_ = kMinInterval;
    Queue(estimate_bps * kFirstProbe, path);
    Queue(estimate_bps * kSecondProbe, path);
    return;
  }
  if (probe_further_from_.bps() > 0) {
    Queue(static_cast<double>(probe_further_from_.bps()) * kFurtherProbe, path);
    probe_further_from_ = {};
    return;
  }
  if (Waiting(now) || now - *quiet_since_ < kQuietBeforeProbe) return;
  if (result_pending_) {
    result_pending_ = false;
    OnNothingFound(path.stood_still);
  }
  if (before_drop_.bps() > 0) {
    Queue(static_cast<double>(before_drop_.bps()) * kProbeAfterDrop, path);
    before_drop_ = {};
    return;
  }
  const Duration since = last_probe_ ? now - *last_probe_ : Duration::Infinite();
  const bool more_wanted = path.wanted > last_wanted_ * kWorthwhile;
  if (since >= interval_ || ((more_wanted || repeat_) && since >= kMinSpacing)) {
    repeat_ = false;
    Queue(estimate_bps * kPeriodicProbe, path);
  }
}

bool ProbeController::Waiting(Timestamp now) const {
  return result_pending_ && last_probe_ && now - *last_probe_ < kResultTimeout;
}

void ProbeController::Queue(double bps, const Path& path) {
  // Twice of what is wanted shows that it would fit with room.
  const DataRate wanted = path.wanted * kMaxOfWanted;
  const DataRate rate =
      std::min({DataRate::BitsPerSec(static_cast<int64_t>(bps)), wanted, path.max});
  if (queued_count_ == kMaxQueued || rate <= path.estimate * kWorthwhile) return;
  if (queued_count_ > 0 && rate <= queued_[queued_count_ - 1]) return;
  queued_[queued_count_++] = rate;
}

void ProbeController::WatchForDrop(const Path& path, Timestamp now) {
  if (path.estimate < last_estimate_ * kDrop) {
    // A drop in steps counts from its top.
    before_drop_ = std::max(before_drop_, last_estimate_);
    dropped_at_ = now;
  }
  if (now - dropped_at_ > kDropTimeout) before_drop_ = {};
  last_estimate_ = path.estimate;
}

void ProbeController::OnNothingFound(bool stood_still) {
  repeat_ = stood_still && repeated_ < kMaxRepeated;
  repeated_ = repeat_ ? repeated_ + 1 : 0;
  if (!repeat_) interval_ = std::min(interval_ * kIntervalGrowth, kMaxInterval);
}

void ProbeController::OnResult(const ProbeCluster& cluster, DataRate measured, DataRate estimate,
                               bool stood_still) {
  if (cluster.id == last_id_) result_pending_ = false;
  if (stood_still && measured < estimate * kHit) {
    OnNothingFound(true);
    return;
  }
  repeated_ = 0;
  repeat_ = false;
  if (measured > cluster.rate * kFurtherThreshold) probe_further_from_ = measured;
  interval_ = measured > estimate * kWorthwhile
                  ? kMinInterval
                  : std::min(interval_ * kIntervalGrowth, kMaxInterval);
}

}  // namespace ferry::transport
