#include "core/transport/congestion_controller.h"

#include <algorithm>
#include <cmath>

namespace ferry::transport {
namespace {
constexpr int64_t kReferenceUnitUs = 64'000;
// The receiver's clock and ours may drift apart this far between two feedbacks; more is a jump.
constexpr Duration kMaxClockStep = Duration::Seconds(3);
constexpr double kTimeoutFactor = 0.8;
constexpr double kMaxTimeouts = 10;
constexpr Duration kCongestionMemory = Duration::Millis(500);
constexpr Duration kLeastQueueDelay = Duration::Millis(10);
// A queue's age jitters by as much where packets are marked 5 ms apart.
constexpr Duration kLocalQueueNoise = Duration::Millis(10);
constexpr Duration kLocalDecreaseInterval = Duration::Millis(500);
constexpr Duration kDrainTime = Duration::Seconds(3);
constexpr double kDrainSeconds = 1;
constexpr double kMinDrainFactor = 0.5;
constexpr int64_t kRoundTripSmoothing = 8;  // RFC 6298: 1/8 of each sample
constexpr Duration kMaxRoundTrip = Duration::Seconds(10);
constexpr double kMaxLossCorrected = 0.6;

int32_t SignExtend24(uint32_t value) { return static_cast<int32_t>(value << 8) >> 8; }
}  // namespace

CongestionController::CongestionController(const CongestionConfig& config)
    : config_(config), rate_(config.start, {config.min, config.max}), target_(rate_.estimate()) {}

void CongestionController::SetLimits(DataRate min, DataRate max) {
  config_.min = min;
  config_.max = max;
  rate_.SetLimits({min, max});
  target_ = std::max(std::min(target_, max), min);
}

void CongestionController::OnPacketSent(uint16_t transport_sequence_number, size_t bytes,
                                        Timestamp now, ProbeClusterId probe) {
  const auto size = static_cast<uint16_t>(std::min<size_t>(bytes, UINT16_MAX));
  history_.Put({.sent = now,
                .sequence_number = transport_sequence_number,
                .bytes = size,
                .probe = probe,
                .state = SentPacket::State::kInFlight});
  loss_.OnPacketSent(size);
  application_.OnPacketSent(size, now);
  if (!waiting_since_) waiting_since_ = now;
}

Timestamp CongestionController::ReferenceTime(const rtp::TransportFeedback& feedback,
                                              Timestamp now) {
  const auto units = static_cast<uint32_t>(feedback.reference_time);
  int64_t unwrapped = feedback.reference_time;
  if (reference_units_) {
    const int32_t step = SignExtend24(units - static_cast<uint32_t>(*reference_units_));
    unwrapped = *reference_units_ + step;
    const Duration ours = now - reference_at_;
    const Duration theirs = Duration::Micros(int64_t{step} * kReferenceUnitUs);
    const Duration drift = theirs - ours;
    if (drift > kMaxClockStep || -drift > kMaxClockStep) {
      ++stats_.clock_jumps;
      inter_arrival_.Reset();
      trendline_.Reset();
      queue_delay_.Reset();
      standstill_.Reset();
      acknowledged_.RestartWindow();
      probe_estimator_.Reset();
      last_reported_.reset();
      accounted_.reset();
    }
  }
  reference_units_ = unwrapped;
  reference_at_ = now;
  return Timestamp::Micros(unwrapped * kReferenceUnitUs);
}

void CongestionController::OnFeedback(const rtp::TransportFeedback& feedback, Timestamp now) {
  if (feedback.packets.empty()) return;
  const uint64_t known_before = stats_.received + stats_.lost;
  const Timestamp reference = ReferenceTime(feedback, now);
  overuse_ = false;
  last_sent_of_new_.reset();
  AccountSkipped(feedback.packets.front().sequence_number);
  for (const rtp::PacketArrival& packet : feedback.packets) {
    OnPacketReported(packet, reference);
  }
  // Feedback that tells nothing new is no sign of life of the path.
  if (stats_.received + stats_.lost == known_before) return;
  waiting_since_.reset();
  if (last_sent_of_new_ && !round_trip_given_) {
    const Duration sample = std::clamp(now - *last_sent_of_new_, Duration::Zero(), kMaxRoundTrip);
    round_trip_ += (sample - round_trip_) / kRoundTripSmoothing;
    rate_.SetRoundTrip(round_trip_);
  }
  queue_delay_.EndRound(now);
  UpdateEstimate(now);
  standstill_.EndRound();
}

// Packets between two feedbacks that neither tells of: a feedback is missing, not they. For the
// rate at which packets arrive they count as the others do, spaced as they were sent; otherwise
// each lost feedback would look like a slower path.
void CongestionController::AccountSkipped(uint16_t first_reported) {
  if (!last_reported_) return;
  // From where an earlier feedback has done so already: each number is looked at once.
  const uint16_t from =
      accounted_ && IsNewer(*accounted_, *last_reported_) ? *accounted_ : *last_reported_;
  const auto gap = static_cast<uint16_t>(first_reported - from - 1);
  if (gap == 0 || gap >= SendHistory::kCapacity) return;
  accounted_ = static_cast<uint16_t>(first_reported - 1);
  stats_.skipped += gap;
  const double arriving = 1 - std::min(loss_.inherent_loss(), kMaxLossCorrected);
  for (uint16_t i = 1; i <= gap; ++i) {
    SentPacket* packet = history_.Find(static_cast<uint16_t>(from + i));
    if (packet == nullptr || packet->state != SentPacket::State::kInFlight) continue;
    packet->state = SentPacket::State::kSkipped;
    acknowledged_.OnPacket(last_arrived_ + (packet->sent - last_reported_sent_),
                           static_cast<int64_t>(packet->bytes * arriving));
  }
}

void CongestionController::OnPacketReported(const rtp::PacketArrival& report, Timestamp reference) {
  using State = SentPacket::State;
  SentPacket* packet = history_.Find(report.sequence_number);
  if (packet == nullptr) {
    ++stats_.unknown;
    return;
  }
  const bool told = packet->state == State::kLost || packet->state == State::kReceived;
  if (packet->state == State::kReceived || (told && !report.received)) {
    ++stats_.repeated;
    return;
  }
  if (report.received) {
    OnReceived(*packet, reference + report.arrival);
    return;
  }
  packet->state = State::kLost;
  ++stats_.lost;
  loss_.OnPacketReported(false, packet->bytes);
}

void CongestionController::OnReceived(SentPacket& packet, Timestamp arrived) {
  using State = SentPacket::State;
  const State before = packet.state;
  packet.state = State::kReceived;
  ++stats_.received;
  if (before == State::kLost) {
    loss_.OnLostPacketArrived(packet.bytes);
  } else {
    loss_.OnPacketReported(true, packet.bytes);
  }
  // A skipped packet was counted when it was skipped.
  if (before != State::kSkipped) acknowledged_.OnPacket(arrived, packet.bytes);
  probe_estimator_.OnPacket(packet.probe, packet.sent, arrived, packet.bytes);
  const uint16_t number = packet.sequence_number;
  if (!last_reported_ || IsNewer(number, *last_reported_)) {
    last_reported_ = number;
    if (accounted_ && !IsNewer(*accounted_, number)) accounted_.reset();
    last_reported_sent_ = packet.sent;
    last_arrived_ = arrived;
  }
  if (!last_sent_of_new_ || packet.sent > *last_sent_of_new_) last_sent_of_new_ = packet.sent;
  queue_delay_.OnPacket(packet.sent, arrived);
  standstill_.OnPacket(number, packet.sent, arrived);
  if (const auto delta = inter_arrival_.OnPacket(packet.sent, arrived)) {
    overuse_ = trendline_.Update(*delta) == BandwidthUsage::kOveruse || overuse_;
  }
}

std::optional<DataRate> CongestionController::Acknowledged(BandwidthUsage usage) const {
  // What was lost on its way anyway has passed the bottleneck's queue like the rest. A window that
  // a standstill has emptied, or that holds all that it held up, measures no bottleneck.
  const bool full = usage == BandwidthUsage::kOveruse && !standstill_.recent();
  const auto rate = full ? acknowledged_.rate_when_full() : acknowledged_.rate();
  if (!rate) return std::nullopt;
  return *rate * (1 / (1 - std::min(loss_.inherent_loss(), kMaxLossCorrected)));
}

void CongestionController::UpdateEstimate(Timestamp now) {
  BandwidthUsage usage = overuse_ ? BandwidthUsage::kOveruse : trendline_.usage();
  if (usage == BandwidthUsage::kNormal && local_queue_delay_ > kLocalQueueDelayToHold) {
    usage = BandwidthUsage::kUnderuse;  // a queue that has to drain first
  }
  // Where a packet of the newest feedback passed without waiting there is no queue: others were
  // late because a thread or a radio was.
  if (usage == BandwidthUsage::kOveruse && queue_delay() < kLeastQueueDelay) {
    usage = BandwidthUsage::kUnderuse;  // the estimate holds
  }
  application_.Tick(now, target_);
  const bool limited = application_.limited();
  while (const auto result = probe_estimator_.TakeResult(loss_.inherent_loss())) {
    const DataRate estimate = rate_.estimate();
    probe_controller_.OnResult(result->cluster, result->rate, estimate, standstill_.recent());
    // Before anything is acknowledged the estimate is a guess, and a lower result the better one.
    const bool better = result->rate > estimate && usage != BandwidthUsage::kOveruse;
    if (better || !acknowledged_.rate()) rate_.SetEstimate(result->rate, now);
  }
  rate_.Update({usage, Acknowledged(usage), limited}, now);
  loss_.Update(rate_.estimate(), now - rate_.last_decrease() < kCongestionMemory, limited, now);
  UpdateTarget(now);
}

void CongestionController::OnRoundTrip(Duration round_trip) {
  round_trip_given_ = true;
  round_trip_ = std::clamp(round_trip, Duration::Zero(), kMaxRoundTrip);
  rate_.SetRoundTrip(round_trip_);
}

void CongestionController::OnLocalQueueDelay(Duration delay, Timestamp now) {
  const bool drains = delay + kLocalQueueNoise < local_queue_delay_;
  local_queue_delay_ = delay;
  if (delay <= kMaxLocalQueueDelay || drains) return;
  // What one decrease brought is seen after it has been sent: a stall of seconds, told of again and
  // again, would leave nothing.
  const Duration interval = std::max(round_trip_, kLocalDecreaseInterval);
  if (last_local_decrease_ && now - *last_local_decrease_ < interval) return;
  last_local_decrease_ = now;
  rate_.Update(
      {BandwidthUsage::kOveruse, Acknowledged(BandwidthUsage::kOveruse), application_.limited()},
      now);
  UpdateTarget(now);
}

void CongestionController::UpdateTarget(Timestamp now) {
  DataRate target = std::min(rate_.estimate(), loss_.limit());
  if (waiting_since_ && now - *waiting_since_ > kFeedbackTimeout) {
    const double timeouts = (now - *waiting_since_).seconds_f() / kFeedbackTimeout.seconds_f();
    target = target * std::pow(kTimeoutFactor, std::min(std::floor(timeouts), kMaxTimeouts));
  }
  target_ = std::max(target * DrainFactor(now), config_.min);
}

Duration CongestionController::queue_delay() const {
  return standstill_.recent() ? queue_delay_.standing_delay() : queue_delay_.delay();
}

// A decrease stops a queue from growing; to empty it within a second or so, less has to be sent for
// as long. Only after a decrease: a path that grew longer by itself has no queue to empty.
double CongestionController::DrainFactor(Timestamp now) const {
  const Duration queue = queue_delay() - kAcceptedQueueDelay;
  if (queue <= Duration::Zero() || now - rate_.last_decrease() > kDrainTime) return 1;
  return std::max(1 - queue.seconds_f() / kDrainSeconds, kMinDrainFactor);
}

std::optional<ProbeCluster> CongestionController::NextProbe(Timestamp now) {
  UpdateTarget(now);
  application_.Tick(now, target_);
  const bool timed_out = waiting_since_ && now - *waiting_since_ > kFeedbackTimeout;
  const bool standstill = standstill_.recent() && queue_delay() < kLeastQueueDelay;
  const bool queue = trendline_.usage() != BandwidthUsage::kNormal && !standstill;
  const bool congested = timed_out || queue || local_queue_delay_ > kLocalQueueDelayToHold ||
                         loss_.limiting() || now - rate_.last_decrease() < kCongestionMemory;
  const auto probe = probe_controller_.Next({.estimate = rate_.estimate(),
                                             .wanted = wanted_,
                                             .max = config_.max,
                                             .congested = congested,
                                             .stood_still = standstill_.recent()},
                                            now);
  if (probe) probe_estimator_.Add(*probe);
  return probe;
}

}  // namespace ferry::transport
