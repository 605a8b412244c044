// How fast the receiver gets what we send, from the arrival times in its feedback.
#pragma once

#include <optional>

#include "core/base/units.h"

namespace ferry::transport {

class AcknowledgedBitrate {
 public:
  // The first estimate is taken over more, since packets of a start come in bursts.
  static constexpr Duration kFirstWindow = Duration::Millis(500);
  static constexpr Duration kWindow = Duration::Millis(150);

  // `arrived` by the receiver's clock. A packet older than one before it counts as arriving with
  // that one.
  void OnPacket(Timestamp arrived, int64_t bytes);
  // nullopt before the first window is over.
  std::optional<DataRate> rate() const;
  // The same while the path is full: what arrives is then what the bottleneck lets through, and
  // when that has collapsed the last window alone tells it, long before the estimate does.
  std::optional<DataRate> rate_when_full() const;
  // Forgets the window under way but not the rate: the receiver's clock jumped.
  void RestartWindow();

 private:
  void AddSample(double bps, bool small);

  std::optional<Timestamp> last_arrived_;
  Duration window_;  // how much of the present window has passed
  int64_t bytes_ = 0;
  double rate_bps_ = -1;  // negative: none yet
  double variance_ = 50;
  double last_sample_bps_ = 0;
};

}  // namespace ferry::transport
