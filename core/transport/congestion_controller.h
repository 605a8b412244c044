// Send-side bandwidth estimation from transport-wide feedback: Google Congestion Control
// (draft-ietf-rmcat-gcc-02 and what libwebrtc has added since), described in
// docs/congestion-control.md.
//
// A caller tells of each packet sent and each feedback received, calls NextProbe regularly, and
// reads target(). Nothing is allocated after construction.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/sequence_number.h"
#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "core/transport/acknowledged_bitrate.h"
#include "core/transport/application_limit.h"
#include "core/transport/inter_arrival.h"
#include "core/transport/loss_controller.h"
#include "core/transport/probe_cluster.h"
#include "core/transport/probe_controller.h"
#include "core/transport/probe_estimator.h"
#include "core/transport/queue_delay.h"
#include "core/transport/rate_controller.h"
#include "core/transport/send_history.h"
#include "core/transport/standstill.h"
#include "core/transport/trendline_estimator.h"

namespace ferry::transport {

struct CongestionConfig {
  DataRate start = DataRate::KilobitsPerSec(1000);
  DataRate min = DataRate::KilobitsPerSec(30);
  DataRate max = DataRate::KilobitsPerSec(50'000);
};

// Counters of what feedback told, for metrics; none of it harms.
struct FeedbackStats {
  uint64_t received = 0;
  uint64_t lost = 0;
  uint64_t unknown = 0;      // packets never sent, or long ago
  uint64_t repeated = 0;     // packets told of before
  uint64_t skipped = 0;      // numbers between two feedbacks that neither told of
  uint64_t clock_jumps = 0;  // of the receiver
};

class CongestionController {
 public:
  // Pacing this much above the target lets a large frame out before the next one comes.
  static constexpr double kPacingFactor = 2.5;
  // Packets waiting longer than this before our transport (QUIC's or TCP's congestion window is
  // full) are as good a sign of congestion as those in the network's queues; above the lower
  // bound the estimate does not grow.
  static constexpr Duration kMaxLocalQueueDelay = Duration::Millis(100);
  static constexpr Duration kLocalQueueDelayToHold = Duration::Millis(30);
  // Without feedback for so long the target shrinks by a fifth, and again each time as long; it is
  // back as soon as feedback is.
  static constexpr Duration kFeedbackTimeout = Duration::Seconds(1);

  explicit CongestionController(const CongestionConfig& config = {});

  // Every packet that carries a transport-wide sequence number, when the transport takes it.
  // `bytes` as on the wire (as far as known); `probe` is what Pacer::OnSent returned.
  void OnPacketSent(uint16_t transport_sequence_number, size_t bytes, Timestamp now,
                    ProbeClusterId probe = kNoProbe);
  void OnFeedback(const rtp::TransportFeedback& feedback, Timestamp now);
  // Better than what feedback tells, where something else measures it.
  void OnRoundTrip(Duration round_trip);
  // How long the oldest packet ready to go has been waiting for the transport (not for the pacer);
  // zero when none waits. Counts until the next call. A queue that drains lowers nothing further,
  // and one that does not, twice a second at most.
  void OnLocalQueueDelay(Duration delay, Timestamp now);
  // What could be sent, were there room: no probing beyond twice of it. Zero: no probing at all,
  // which is where a controller starts.
  void SetWantedRate(DataRate wanted) { wanted_ = wanted; }
  void SetLimits(DataRate min, DataRate max);

  // Lets time pass, and returns the next probe when there is one to send: for Pacer::StartProbe.
  std::optional<ProbeCluster> NextProbe(Timestamp now);

  // What all streams together may send, headers and repeated packets included.
  DataRate target() const { return target_; }
  DataRate pacing_rate() const { return target_ * kPacingFactor; }

  Duration round_trip() const { return round_trip_; }
  // In the network's queues, as far as it is no standstill that packets waited for.
  Duration queue_delay() const;
  double loss() const { return loss_.loss(); }  // share of packets, of the last second or so
  // The share that is known to be lost at any rate.
  double path_loss() const { return loss_.inherent_loss(); }
  // Whether the path holds a queue, which loses packets when it is full.
  bool congested() const { return queue_delay() > kAcceptedQueueDelay; }
  bool application_limited() const { return application_.limited(); }
  const FeedbackStats& stats() const { return stats_; }

 private:
  // Arrival of a feedback's first packets by the receiver's clock, unwrapped.
  Timestamp ReferenceTime(const rtp::TransportFeedback& feedback, Timestamp now);
  void OnPacketReported(const rtp::PacketArrival& report, Timestamp reference);
  void OnReceived(SentPacket& packet, Timestamp arrived);
  void AccountSkipped(uint16_t first_reported);
  void UpdateEstimate(Timestamp now);
  void UpdateTarget(Timestamp now);
  std::optional<DataRate> Acknowledged(BandwidthUsage usage) const;
  double DrainFactor(Timestamp now) const;

  CongestionConfig config_;
  SendHistory history_;
  InterArrival inter_arrival_;
  TrendlineEstimator trendline_;
  QueueDelay queue_delay_;
  Standstill standstill_;
  AcknowledgedBitrate acknowledged_;
  ApplicationLimit application_;
  RateController rate_;
  LossController loss_;
  ProbeEstimator probe_estimator_;
  ProbeController probe_controller_;
  FeedbackStats stats_;
  DataRate wanted_;
  DataRate target_;

  Duration round_trip_ = Duration::Millis(100);
  bool round_trip_given_ = false;
  // A queue as short as this is not worth sending less for.
  static constexpr Duration kAcceptedQueueDelay = Duration::Millis(50);

  Duration local_queue_delay_;
  std::optional<Timestamp> last_local_decrease_;
  bool overuse_ = false;                       // seen in the present feedback
  std::optional<Timestamp> last_sent_of_new_;  // newest packet that the present feedback acks
  std::optional<Timestamp> waiting_since_;     // first packet sent after the last feedback
  std::optional<uint16_t> last_reported_;
  std::optional<uint16_t> accounted_;  // up to here numbers were looked at as skipped
  Timestamp last_reported_sent_;
  Timestamp last_arrived_;
  std::optional<int64_t> reference_units_;  // of the newest feedback, unwrapped, in 64 ms
  Timestamp reference_at_;                  // when that feedback came
};

}  // namespace ferry::transport
