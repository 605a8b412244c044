#include "core/transport/acknowledged_bitrate.h"

#include <algorithm>
#include <cmath>

namespace ferry::transport {
namespace {
// A Bayesian estimate as in libwebrtc: a sample far from the estimate is uncertain and moves it
// less; the estimate itself grows uncertain with every window, as rates do change.
constexpr double kUncertainty = 10;
constexpr double kSmallSampleUncertainty = 25;
constexpr double kDrift = 5;
// A window of less tells little: a silent moment of a variable stream.
constexpr int64_t kSmallSampleBytes = 2000;
constexpr double kFloorBps = 40'000;
// A last window below this share of the estimate is no scatter but a collapse.
constexpr double kCollapse = 0.7;
}  // namespace

void AcknowledgedBitrate::OnPacket(Timestamp arrived, int64_t bytes) {
  const Duration length = rate_bps_ < 0 ? kFirstWindow : kWindow;
  if (last_arrived_ && arrived > *last_arrived_) {
    const Duration gap = arrived - *last_arrived_;
    window_ += gap;
    if (gap >= length) {
      // Nothing arrived for a whole window: a pause of ours says nothing about the path.
      bytes_ = 0;
      window_ = Duration::Micros(window_.us() % length.us());
    }
  }
  last_arrived_ = std::max(arrived, last_arrived_.value_or(arrived));
  if (window_ >= length) {
    AddSample(static_cast<double>(bytes_) * 8 / length.seconds_f(), bytes_ < kSmallSampleBytes);
    bytes_ = 0;
    window_ -= length;
  }
  bytes_ += bytes;
}

void AcknowledgedBitrate::AddSample(double bps, bool small) {
  last_sample_bps_ = std::max(bps, kFloorBps);
  if (rate_bps_ < 0) {
    rate_bps_ = std::max(bps, kFloorBps);
    return;
  }
  const double scale = small && bps < rate_bps_ ? kSmallSampleUncertainty : kUncertainty;
  const double uncertainty = scale * std::abs(rate_bps_ - bps) / rate_bps_;
  const double sample_variance = uncertainty * uncertainty;
  const double variance = variance_ + kDrift;
  rate_bps_ = std::max(
      (sample_variance * rate_bps_ + variance * bps) / (sample_variance + variance), kFloorBps);
  variance_ = sample_variance * variance / (sample_variance + variance);
}

std::optional<DataRate> AcknowledgedBitrate::rate() const {
  if (rate_bps_ < 0) return std::nullopt;
  return DataRate::BitsPerSec(static_cast<int64_t>(rate_bps_));
}

std::optional<DataRate> AcknowledgedBitrate::rate_when_full() const {
  if (rate_bps_ < 0 || last_sample_bps_ > kCollapse * rate_bps_) return rate();
  return DataRate::BitsPerSec(static_cast<int64_t>(last_sample_bps_));
}

void AcknowledgedBitrate::RestartWindow() {
  last_arrived_.reset();
  window_ = Duration::Zero();
  bytes_ = 0;
}

}  // namespace ferry::transport
