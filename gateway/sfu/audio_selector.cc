#include "gateway/sfu/audio_selector.h"

#include <algorithm>
#include <utility>

namespace ferry::gateway {
namespace {

// Shares of the new level taken over with each packet of 20 ms: a word is heard at once, and the
// pauses between words give no place away.
constexpr double kAttack = 0.4;
constexpr double kRelease = 0.04;

double LevelAt(const AudioSelector::Speaker& speaker, Timestamp now) {
  return now - speaker.last_packet > AudioSelector::kSilenceAfter ? AudioSelector::kSilence
                                                                  : speaker.level_dbov;
}

double UntoldLevel(const AudioSelector::Speaker& speaker, Timestamp now) {
  if (!speaker.selected) return AudioSelector::kUntoldDbov;
  const double held = (now - speaker.selected_at).seconds_f() * AudioSelector::kUntoldDbPerSecond;
  return std::max(AudioSelector::kUntoldDbov - held, AudioSelector::kSilence);
}

}  // namespace

void AudioSelector::OnPacket(Speaker& speaker, std::optional<uint8_t> minus_dbov, Timestamp now) {
  if (loudest_ == 0) return;
  const double level = minus_dbov ? -static_cast<double>(*minus_dbov) : UntoldLevel(speaker, now);
  const double before = LevelAt(speaker, now);
  speaker.level_dbov = before + (level - before) * (level > before ? kAttack : kRelease);
  speaker.last_packet = now;
  if (speaker.selected) return;
  if (selected_.size() < loudest_) return Select(speaker, now);
  Speaker* quietest = Quietest(now);
  if (speaker.level_dbov > LevelAt(*quietest, now) + kHysteresisDb) {
    std::erase(selected_, quietest);
    quietest->selected = false;
    Select(speaker, now);
    // Who had to go is the first to come back.
    if (spare_ != nullptr) spare_->spare = false;
    spare_ = quietest;
    spare_->spare = true;
  } else if (spare_ == nullptr ||
             (!speaker.spare && speaker.level_dbov > LevelAt(*spare_, now) + kHysteresisDb)) {
    if (spare_ != nullptr) spare_->spare = false;
    spare_ = &speaker;
    spare_->spare = true;
  }
}

void AudioSelector::Select(Speaker& speaker, Timestamp now) {
  if (std::exchange(speaker.spare, false)) spare_ = nullptr;
  speaker.selected = true;
  speaker.selected_at = now;
  selected_.push_back(&speaker);
}

AudioSelector::Speaker* AudioSelector::Quietest(Timestamp now) const {
  return *std::ranges::min_element(
      selected_, {}, [now](const Speaker* speaker) { return LevelAt(*speaker, now); });
}

void AudioSelector::Remove(Speaker& speaker) {
  std::erase(selected_, &speaker);
  if (spare_ == &speaker) spare_ = nullptr;
  speaker.selected = speaker.spare = false;
}

}  // namespace ferry::gateway
