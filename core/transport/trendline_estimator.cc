#include "core/transport/trendline_estimator.h"

#include <algorithm>
#include <cmath>

namespace ferry::transport {
namespace {
// All as in libwebrtc; the draft gives the same or their like.
constexpr double kSmoothing = 0.9;
constexpr double kThresholdGain = 4;
// A trend seen for longer counts for more, up to this many groups.
constexpr size_t kMaxGain = 60;
// Rising slowly, the threshold lets a real queue be seen; falling fast, it is sharp again soon.
constexpr double kThresholdUp = 0.0087;
constexpr double kThresholdDown = 0.039;
constexpr double kMinThresholdMs = 6;
constexpr double kMaxThresholdMs = 600;
// A trend this far beyond the threshold is an outlier (a sudden change of route): no noise to
// adapt to.
constexpr double kMaxAdaptMs = 15;
constexpr double kMaxAdaptIntervalMs = 100;
constexpr double kOveruseTimeMs = 10;
}  // namespace

BandwidthUsage TrendlineEstimator::Update(const GroupDelta& delta) {
  if (count_ == 0) first_arrived_ = delta.arrived;
  const double arrived_ms = (delta.arrived - first_arrived_).ms_f();
  accumulated_ms_ += (delta.arrival - delta.send).ms_f();
  smoothed_ms_ = kSmoothing * smoothed_ms_ + (1 - kSmoothing) * accumulated_ms_;
  samples_[next_] = {arrived_ms, smoothed_ms_};
  next_ = (next_ + 1) % kWindow;
  count_ = std::min(count_ + 1, std::max(kMaxGain, kWindow));
  if (count_ >= kWindow) trend_ = Slope();
  Detect(trend_, delta.send.ms_f());
  return usage_;
}

// Least squares.
double TrendlineEstimator::Slope() const {
  double mean_x = 0;
  double mean_y = 0;
  for (const Sample& sample : samples_) {
    mean_x += sample.arrived_ms / double{kWindow};
    mean_y += sample.delay_ms / double{kWindow};
  }
  double numerator = 0;
  double denominator = 0;
  for (const Sample& sample : samples_) {
    const double x = sample.arrived_ms - mean_x;
    numerator += x * (sample.delay_ms - mean_y);
    denominator += x * x;
  }
  return denominator > 0 ? numerator / denominator : trend_;
}

void TrendlineEstimator::Detect(double trend, double send_delta_ms) {
  const double modified = static_cast<double>(std::min(count_, kMaxGain)) * trend * kThresholdGain;
  if (modified > threshold_ms_) {
    // The moment it began lies somewhere between the two groups.
    overusing_ms_ = overusing_ms_ < 0 ? send_delta_ms / 2 : overusing_ms_ + send_delta_ms;
    ++overusing_groups_;
    if (overusing_ms_ > kOveruseTimeMs && overusing_groups_ > 1 && trend >= previous_trend_) {
      overusing_ms_ = 0;
      overusing_groups_ = 0;
      usage_ = BandwidthUsage::kOveruse;
    }
  } else {
    overusing_ms_ = -1;
    overusing_groups_ = 0;
    usage_ = modified < -threshold_ms_ ? BandwidthUsage::kUnderuse : BandwidthUsage::kNormal;
  }
  previous_trend_ = trend;
  AdaptThreshold(modified, samples_[(next_ + kWindow - 1) % kWindow].arrived_ms);
}

void TrendlineEstimator::AdaptThreshold(double modified_trend, double arrived_ms) {
  const double magnitude = std::abs(modified_trend);
  const double elapsed = std::clamp(arrived_ms - last_adapted_ms_, 0.0, kMaxAdaptIntervalMs);
  last_adapted_ms_ = arrived_ms;
  if (magnitude > threshold_ms_ + kMaxAdaptMs) return;
  const double gain = magnitude < threshold_ms_ ? kThresholdDown : kThresholdUp;
  threshold_ms_ = std::clamp(threshold_ms_ + gain * (magnitude - threshold_ms_) * elapsed,
                             kMinThresholdMs, kMaxThresholdMs);
}

}  // namespace ferry::transport
