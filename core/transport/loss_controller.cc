#include "core/transport/loss_controller.h"

#include <algorithm>
#include <cmath>

namespace ferry::transport {
namespace {
// A window is over when it has this many packets, or after the longest time with the fewer.
constexpr int64_t kWindowPackets = 150;
constexpr int64_t kMinWindowPackets = 30;
constexpr Duration kMinWindow = Duration::Millis(400);
constexpr Duration kMaxWindow = Duration::Millis(1500);
// Loss beyond the inherent one that starts a trial: this, and thrice what chance makes of it.
constexpr double kMargin = 0.02;
constexpr double kDeviations = 3;
constexpr double kTrialCut = 0.75;
constexpr double kCutSeen = 0.9;
// Time for the cut to reach the wire and its feedback to come back.
constexpr Duration kSettle = Duration::Millis(300);
// After the path's own loss was found, before another trial; a jump in loss does not wait.
constexpr Duration kTrialInterval = Duration::Seconds(5);
constexpr double kJump = 0.15;
// A limit found by loss leaves a little room, and grows back as the delay-based one does.
constexpr double kHeadroom = 0.95;
constexpr double kGrowthPerSecond = 1.05;
constexpr double kLearn = 0.15;
// What was found at one rate does not hold for one this much higher, when the loss is not small
// anyway: it could have grown with the rate.
constexpr double kMaxGrowthUntried = 1.3;
constexpr double kSameRate = 1.1;
constexpr double kSmallLoss = 0.05;
// No path that loses more by itself carries a call: beyond it, loss is congestion.
constexpr double kMaxInherent = 0.6;
}  // namespace

void LossController::OnPacketReported(bool received, int64_t bytes) {
  ++window_.packets;
  if (received) {
    window_.received_bytes += bytes;
  } else {
    ++window_.lost;
  }
}

void LossController::OnLostPacketArrived(int64_t bytes) {
  if (window_.lost == 0) return;  // counted in a window that is over
  --window_.lost;
  window_.received_bytes += bytes;
}

DataRate LossController::limit() const {
  return DataRate::BitsPerSec(limiting() ? static_cast<int64_t>(limit_bps_) : INT64_MAX);
}

void LossController::Update(DataRate estimate, bool congested, bool application_limited,
                            Timestamp now) {
  if (!window_began_) window_began_ = now;
  const Duration elapsed = now - *window_began_;
  const bool full = elapsed >= kMinWindow && window_.packets >= kWindowPackets;
  const bool old = elapsed >= kMaxWindow && window_.packets >= kMinWindowPackets;
  if (!full && !old) return;
  const Window window = window_;
  const double seconds = elapsed.seconds_f();
  const double sent_bps = static_cast<double>(sent_bytes_) * 8 / seconds;
  const double received_bps = static_cast<double>(window.received_bytes) * 8 / seconds;
  window_ = {};
  sent_bytes_ = 0;
  window_began_ = now;
  last_loss_ = window.Loss();

  if (application_limited) {
    // A rate far below what the path carries cannot be why it loses.
    trial_.reset();
    Learn(last_loss_);
    Raise(seconds, estimate);
  } else if (trial_) {
    if (now - Duration::Micros(static_cast<int64_t>(seconds * 1e6)) < trial_->settled) return;
    Judge(window, sent_bps, now);
  } else if (!congested) {
    Watch(window, sent_bps, received_bps, now);
    if (!trial_) Raise(seconds, estimate);
  }
}

void LossController::Learn(double loss) {
  inherent_ += kLearn * (std::min(loss, kMaxInherent) - inherent_);
}

// Whether a window tells of more loss than the path is known for.
bool LossController::Suspicious(const Window& window, double sent_bps, Timestamp now) const {
  const double loss = window.Loss();
  const double spread = std::max(loss, inherent_);
  const double chance =
      kDeviations * std::sqrt(spread * (1 - spread) / static_cast<double>(window.packets));
  if (loss > inherent_ + kJump + chance) return true;
  if (now < next_trial_) return false;
  return loss > inherent_ + kMargin + chance ||
         (loss > kSmallLoss && sent_bps > learnt_at_bps_ * kMaxGrowthUntried);
}

void LossController::Watch(const Window& window, double sent_bps, double received_bps,
                           Timestamp now) {
  if (!Suspicious(window, sent_bps, now)) {
    // Loss that rises along with the rate must not pass for the path's own.
    if (window.Loss() < inherent_ || sent_bps < learnt_at_bps_ * kSameRate) Learn(window.Loss());
    if (window.Loss() <= kSmallLoss) learnt_at_bps_ = std::max(learnt_at_bps_, sent_bps);
    return;
  }
  trial_ = Trial{.loss = window.Loss(),
                 .sent_bps = sent_bps,
                 .received_bps = received_bps,
                 .limit_before_bps = limit_bps_,
                 .settled = now + kSettle};
  limit_bps_ = sent_bps * kTrialCut;
}

void LossController::Judge(const Window& window, double sent_bps, Timestamp now) {
  const Trial trial = *trial_;
  trial_.reset();
  const double loss = window.Loss();
  // A link that lets through what it can loses 1 - capacity / rate, and so at the lower rate:
  const double kept = sent_bps > 0 ? std::min(sent_bps / trial.sent_bps, 1.0) : 1.0;
  const double if_congested = std::max(1 - (1 - trial.loss) / std::max(kept, 0.1), inherent_);
  // Congested when the loss is nearer to that than to what it was.
  if (kept < kCutSeen && loss < (trial.loss + if_congested) / 2) {
    inherent_ = std::min(inherent_, loss);
    learnt_at_bps_ = sent_bps;
    limit_bps_ = std::max(limit_bps_, trial.received_bps * kHeadroom / (1 - inherent_));
    return;
  }
  limit_bps_ = trial.limit_before_bps;
  next_trial_ = now + kTrialInterval;
  if (kept >= kCutSeen) return;  // the application did not follow: nothing was tried
  inherent_ = std::min((loss + trial.loss) / 2, kMaxInherent);
  learnt_at_bps_ = trial.sent_bps;
}

void LossController::Raise(double seconds, DataRate estimate) {
  if (!limiting()) return;
  limit_bps_ *= std::pow(kGrowthPerSecond, seconds);
  // Far above the delay-based estimate it limits nothing any more.
  if (limit_bps_ > static_cast<double>(estimate.bps()) * 1.5) limit_bps_ = -1;
}

}  // namespace ferry::transport
