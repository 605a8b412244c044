#include "core/fec/protection.h"

#include <algorithm>
#include <cmath>

namespace ferry::fec {
namespace {

// Below it retransmissions and concealment do as well.
constexpr double kLeastLoss = 0.01;
constexpr double kMostLoss = 0.6;
// Where a round trip is as short as this, video is sent again as soon as it would be repaired.
constexpr Duration kShortRoundTrip = Duration::Millis(30);
// What the code needs is loss / (1 - loss); what it gets beyond is for the chance that more than
// the mean is lost of one window.
constexpr double kVideoMargin = 1.6;
constexpr double kVideoLeast = 0.1;
constexpr double kAudioMargin = 3.0;
constexpr double kAudioLeast = 1.0;
constexpr double kMostVideo = 2;
constexpr double kMostAudio = 4;

}  // namespace

Protection ProtectionAgainst(double loss, Duration round_trip) {
  if (loss < kLeastLoss) return {};
  const double lost = std::min(loss, kMostLoss);
  const double needed = lost / (1 - lost);
  Protection protection{.audio = std::min(kAudioLeast + needed * kAudioMargin, kMostAudio)};
  if (round_trip > kShortRoundTrip) {
    protection.video = std::min(kVideoLeast + needed * kVideoMargin, kMostVideo);
  }
  return protection;
}

void ExpectedLoss::Update(double packets, double lost) {
  if (packets <= 0) return;
  const double share = lost / packets;
  packets_ += packets;
  // The first packets tell as much as there are of them.
  const double memory = std::min(share > loss_ ? kRise : kFall, packets_);
  loss_ += (share - loss_) * (1 - std::exp(-packets / memory));
}

}  // namespace ferry::fec
