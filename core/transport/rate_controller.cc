#include "core/transport/rate_controller.h"

#include <algorithm>
#include <cmath>

namespace ferry::transport {
namespace {
constexpr double kBeta = 0.85;
constexpr double kGrowthPerSecond = 1.08;
constexpr double kCapacitySmoothing = 0.05;
constexpr double kCapacityDeviations = 3;
// An estimate that nothing confirms may not run away from what arrives.
constexpr double kMaxOfAcknowledged = 1.5;
constexpr double kMaxOfAcknowledgedOffsetBps = 10'000;
// Without a first acknowledged rate there is only the estimate to fall back from.
constexpr double kBlindBeta = 0.5;
constexpr Duration kBlindDecreaseInterval = Duration::Millis(300);
constexpr Duration kMinDecreaseInterval = Duration::Millis(10);
constexpr Duration kMaxDecreaseInterval = Duration::Millis(200);
// Below this share of the estimate what arrives is a collapse, and no time to wait.
constexpr double kCollapse = 0.5;
// What detecting overuse takes, roughly.
constexpr Duration kDetectionTime = Duration::Millis(100);
constexpr double kMinAdditiveBpsPerSecond = 4000;
// Where libwebrtc adds a packet each response time, a link of 10 Mbps takes half a minute to be
// found again; a share of the rate makes that the same few seconds for all.
constexpr double kMinAdditiveShare = 0.02;
}  // namespace

double LinkCapacity::Deviation() const { return std::sqrt(variance_ * kbps_); }

void LinkCapacity::OnOveruse(DataRate acknowledged) {
  const double sample = static_cast<double>(acknowledged.bps()) / 1000;
  kbps_ = kbps_ < 0 ? sample : kbps_ + kCapacitySmoothing * (sample - kbps_);
  const double error = kbps_ - sample;
  const double norm = std::max(kbps_, 1.0);
  variance_ = std::clamp(
      (1 - kCapacitySmoothing) * variance_ + kCapacitySmoothing * error * error / norm, 0.4, 2.5);
}

bool LinkCapacity::Below(DataRate rate) const {
  return known() &&
         static_cast<double>(rate.bps()) / 1000 > kbps_ + kCapacityDeviations * Deviation();
}

bool LinkCapacity::Above(DataRate rate) const {
  return known() &&
         static_cast<double>(rate.bps()) / 1000 < kbps_ - kCapacityDeviations * Deviation();
}

RateController::RateController(DataRate start, const Limits& limits) : limits_(limits) {
  Set(static_cast<double>(start.bps()));
}

void RateController::SetLimits(const Limits& limits) {
  limits_ = limits;
  Set(static_cast<double>(estimate_.bps()));
}

void RateController::Set(double bps) {
  // The lower limit wins over an upper one below it.
  const auto min = static_cast<double>(limits_.min.bps());
  const auto max = static_cast<double>(limits_.max.bps());
  estimate_ = DataRate::BitsPerSec(static_cast<int64_t>(std::max(std::min(bps, max), min)));
}

void RateController::SetEstimate(DataRate rate, Timestamp now) {
  Set(static_cast<double>(rate.bps()));
  last_change_ = now;
}

void RateController::Update(const Input& input, Timestamp now) {
  switch (input.usage) {
    case BandwidthUsage::kOveruse:
      if (MayDecrease(input, now)) Decrease(input, now);
      state_ = State::kHold;
      return;
    case BandwidthUsage::kUnderuse:  // the queue drains: wait until it has
      state_ = State::kHold;
      return;
    case BandwidthUsage::kNormal:
      if (state_ == State::kHold) last_change_ = now;
      state_ = State::kIncrease;
      Increase(input, now);
      return;
  }
}

void RateController::Increase(const Input& input, Timestamp now) {
  const double seconds = std::clamp((now - last_change_.value_or(now)).seconds_f(), 0.0, 1.0);
  last_change_ = now;
  // Nothing is learnt of a path that is not used; probes learn.
  if (input.application_limited || !input.acknowledged) return;
  if (capacity_.Below(*input.acknowledged)) capacity_.Reset();
  const auto bps = static_cast<double>(estimate_.bps());
  const double limit = static_cast<double>(input.acknowledged->bps()) * kMaxOfAcknowledged +
                       kMaxOfAcknowledgedOffsetBps;
  if (bps >= limit) return;
  const double step =
      capacity_.known() ? AdditiveBpsPerSecond() * seconds
                        : std::max(bps * (std::pow(kGrowthPerSecond, seconds) - 1), 1000 * seconds);
  Set(std::min(bps + step, limit));
}

// One packet of a 30 fps stream each response time, and at least a share of the rate.
double RateController::AdditiveBpsPerSecond() const {
  const auto bps = static_cast<double>(estimate_.bps());
  const double frame_bits = bps / 30;
  constexpr double kPacketBits = 1150 * 8;
  const double packet_bits = frame_bits / std::max(std::ceil(frame_bits / kPacketBits), 1.0);
  const double response_seconds = 2 * (round_trip_ + kDetectionTime).seconds_f();
  return std::max(
      {packet_bits / response_seconds, kMinAdditiveBpsPerSecond, bps * kMinAdditiveShare});
}

bool RateController::MayDecrease(const Input& input, Timestamp now) const {
  const Duration interval =
      input.acknowledged ? std::clamp(round_trip_, kMinDecreaseInterval, kMaxDecreaseInterval)
                         : kBlindDecreaseInterval;
  if (now - last_decrease_ >= interval) return true;
  return input.acknowledged && !input.application_limited &&
         *input.acknowledged < estimate_ * kCollapse;
}

void RateController::Decrease(const Input& input, Timestamp now) {
  const auto bps = static_cast<double>(estimate_.bps());
  double decreased = bps * kBlindBeta;
  if (input.application_limited) {
    // What arrives is what the application sent, no measure of the path.
    decreased = bps * kBeta;
  } else if (input.acknowledged) {
    decreased = static_cast<double>(input.acknowledged->bps()) * kBeta;
    if (decreased > bps && capacity_.known()) {
      decreased = static_cast<double>(capacity_.rate().bps()) * kBeta;
    }
    if (capacity_.Above(*input.acknowledged)) capacity_.Reset();
    capacity_.OnOveruse(*input.acknowledged);
  }
  Set(std::min(bps, decreased));
  last_change_ = now;
  last_decrease_ = now;
}

}  // namespace ferry::transport
