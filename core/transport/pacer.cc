#include "core/transport/pacer.h"

#include <algorithm>

namespace ferry::transport {

double Pacer::BytesIn(Duration time) const {
  return static_cast<double>(rate_.bps()) / 8 * time.seconds_f();
}

double Pacer::DebtAt(Timestamp now) const {
  const Duration elapsed = std::max(now - drained_.value_or(now), Duration::Zero());
  return std::max(debt_bytes_ - BytesIn(elapsed), 0.0);
}

void Pacer::Drain(Timestamp now) {
  debt_bytes_ = DebtAt(now);
  drained_ = std::max(now, drained_.value_or(now));
}

void Pacer::SetRate(DataRate rate, Timestamp now) {
  Drain(now);
  rate_ = rate;
  debt_bytes_ = std::min(debt_bytes_, BytesIn(kMaxDebt));
}

void Pacer::StartProbe(const ProbeCluster& cluster, Timestamp now) {
  probe_ = Probe{.cluster = cluster, .started = now};
}

bool Pacer::CanSend(Timestamp now) const { return initial_window_ > 0 || NextSendTime() <= now; }

Timestamp Pacer::NextSendTime() const {
  if (probe_) return probe_->started + probe_->cluster.rate.TimeFor(probe_->bytes);
  if (rate_.bps() <= 0) return Timestamp::Infinite();
  // Just below a full burst, so that the time is the first at which there is room.
  const double excess = debt_bytes_ - BytesIn(kBurst);
  if (!drained_ || excess <= 0) return drained_.value_or(Timestamp());
  return *drained_ + rate_.TimeFor(static_cast<int64_t>(excess) + 1);
}

ProbeClusterId Pacer::OnSent(int64_t bytes, Timestamp now) {
  initial_window_ -= std::min(initial_window_, bytes);
  Drain(now);
  debt_bytes_ = std::min(debt_bytes_ + static_cast<double>(bytes), BytesIn(kMaxDebt));
  if (!probe_) return kNoProbe;
  if (now - probe_->started > kProbeTimeout) {
    probe_.reset();
    return kNoProbe;
  }
  const ProbeClusterId id = probe_->cluster.id;
  if (probe_->packets == 0) probe_->started = now;
  ++probe_->packets;
  probe_->bytes += bytes;
  if (probe_->packets >= probe_->cluster.min_packets &&
      probe_->bytes >= probe_->cluster.min_bytes) {
    probe_.reset();
  }
  return id;
}

int64_t Pacer::ProbePadding(Timestamp now) const {
  if (!probe_ || now - probe_->started > kProbeTimeout) return 0;
  if (NextSendTime() > now) return 0;
  const double due =
      static_cast<double>(probe_->cluster.rate.bps()) / 8 * (now - probe_->started).seconds_f();
  return std::max<int64_t>(static_cast<int64_t>(due) - probe_->bytes, 1);
}

}  // namespace ferry::transport
