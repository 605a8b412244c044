// Additive increase, multiplicative decrease of the delay-based estimate
// (draft-ietf-rmcat-gcc-02 §5.5), with what is known of the link's capacity.
#pragma once

#include <optional>

#include "core/base/units.h"
#include "core/transport/trendline_estimator.h"

namespace ferry::transport {

// The rates at which the path was found full, and how much they scatter.
class LinkCapacity {
 public:
  void OnOveruse(DataRate acknowledged);
  void Reset() { kbps_ = -1; }
  bool known() const { return kbps_ >= 0; }
  bool Below(DataRate rate) const;  // the capacity is surely below `rate`
  bool Above(DataRate rate) const;
  DataRate rate() const { return DataRate::BitsPerSec(static_cast<int64_t>(kbps_ * 1000)); }

 private:
  double Deviation() const;
  double kbps_ = -1;
  double variance_ = 0.4;  // relative to the rate
};

class RateController {
 public:
  struct Limits {
    DataRate min;
    DataRate max;
  };
  struct Input {
    BandwidthUsage usage = BandwidthUsage::kNormal;
    std::optional<DataRate> acknowledged;  // nullopt: not known yet
    bool application_limited = false;
  };

  RateController(DataRate start, const Limits& limits);

  void Update(const Input& input, Timestamp now);
  // A probe's result.
  void SetEstimate(DataRate rate, Timestamp now);
  void SetLimits(const Limits& limits);
  void SetRoundTrip(Duration round_trip) { round_trip_ = round_trip; }
  DataRate estimate() const { return estimate_; }
  Timestamp last_decrease() const { return last_decrease_; }

 private:
  enum class State { kHold, kIncrease };
  void Increase(const Input& input, Timestamp now);
  void Decrease(const Input& input, Timestamp now);
  bool MayDecrease(const Input& input, Timestamp now) const;
  double AdditiveBpsPerSecond() const;
  void Set(double bps);

  Limits limits_;
  DataRate estimate_;
  State state_ = State::kHold;
  LinkCapacity capacity_;
  Duration round_trip_ = Duration::Millis(100);
  std::optional<Timestamp> last_change_;
  Timestamp last_decrease_ = Timestamp::Micros(INT64_MIN);
};

}  // namespace ferry::transport
