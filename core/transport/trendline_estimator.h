// Tells from the trend of the one-way delay whether a queue builds up on the path: a line fitted
// through the smoothed delay, against a threshold that adapts to the path's own noise
// (draft-ietf-rmcat-gcc-02 §5.4; Carlucci et al., "Analysis and Design of the Google Congestion
// Control for Web Real-time Communication", MMSys 2016).
#pragma once

#include <array>
#include <cstddef>

#include "core/base/units.h"
#include "core/transport/inter_arrival.h"

namespace ferry::transport {

enum class BandwidthUsage { kNormal, kOveruse, kUnderuse };

class TrendlineEstimator {
 public:
  // Groups that the line is fitted through: 100 ms of a busy stream, 400 ms of audio.
  static constexpr size_t kWindow = 20;

  BandwidthUsage Update(const GroupDelta& delta);
  BandwidthUsage usage() const { return usage_; }
  void Reset() { *this = TrendlineEstimator(); }

 private:
  struct Sample {
    double arrived_ms = 0;
    double delay_ms = 0;
  };
  double Slope() const;
  void Detect(double trend, double send_delta_ms);
  void AdaptThreshold(double modified_trend, double arrived_ms);

  std::array<Sample, kWindow> samples_{};
  size_t count_ = 0;  // of all samples so far, up to a bound beyond any use of it
  size_t next_ = 0;
  Timestamp first_arrived_;
  double accumulated_ms_ = 0;
  double smoothed_ms_ = 0;
  double trend_ = 0;
  double previous_trend_ = 0;
  double threshold_ms_ = 12.5;
  double last_adapted_ms_ = 0;
  double overusing_ms_ = -1;  // negative: not above the threshold now
  int overusing_groups_ = 0;
  BandwidthUsage usage_ = BandwidthUsage::kNormal;
};

}  // namespace ferry::transport
