// Spreads packets over time, so that a frame does not fill the queue of the first slow link: a
// leaky bucket of bytes, drained at the pacing rate. It decides when; what is sent, and in which
// order, is its caller's.
#pragma once

#include <optional>

#include "core/base/units.h"
#include "core/transport/probe_cluster.h"

namespace ferry::transport {

class Pacer {
 public:
  // What may leave at once: a sender that is woken each 5 ms keeps its rate, even if it is late.
  static constexpr Duration kBurst = Duration::Millis(10);
  // Debt that packets sent past the pacer (audio) may pile up, so that video is held back for a
  // while but never for good.
  static constexpr Duration kMaxDebt = Duration::Millis(500);
  // A probe that found too little to send is given up.
  static constexpr Duration kProbeTimeout = Duration::Millis(500);

  // `initial_window`: bytes that may leave before anything is held back.
  explicit Pacer(DataRate rate, int64_t initial_window = 0)
      : rate_(rate), initial_window_(initial_window) {}

  void SetRate(DataRate rate, Timestamp now);
  // Sends the next packets at the probe's rate, as many as it needs. One under way is replaced.
  void StartProbe(const ProbeCluster& cluster, Timestamp now);

  // Whether a paced packet may leave. Audio and what must not wait is sent without asking.
  bool CanSend(Timestamp now) const;
  // Accounts for every packet sent, paced or not. Returns the probe that it belongs to, for
  // CongestionController::OnPacketSent.
  ProbeClusterId OnSent(int64_t bytes, Timestamp now);
  // When CanSend will be true, as things stand, at the latest; may be in the past.
  Timestamp NextSendTime() const;

  // Bytes of padding (or of repeated packets) that the probe under way lacks at `now` when the
  // application has nothing to send; 0: none.
  int64_t ProbePadding(Timestamp now) const;
  bool probing() const { return probe_.has_value(); }

 private:
  struct Probe {
    ProbeCluster cluster;
    Timestamp started;  // of the first packet, and of the order to start before it
    int packets = 0;
    int64_t bytes = 0;
  };
  void Drain(Timestamp now);
  double DebtAt(Timestamp now) const;
  double BytesIn(Duration time) const;

  DataRate rate_;
  int64_t initial_window_;  // what is left of it
  double debt_bytes_ = 0;
  std::optional<Timestamp> drained_;
  std::optional<Probe> probe_;
};

}  // namespace ferry::transport
