// Picks the loudest speakers of a room, by the levels that their packets carry (RFC 6464).
//
// Each worker picks among the streams that it forwards. One more than wanted is kept as a spare,
// for the speakers: they hear the others, not themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/units.h"

namespace ferry::gateway {

class AudioSelector {
 public:
  // One stream among which is picked. Added by its first packet, to be removed before it ends.
  struct Speaker {
    double level_dbov = kSilence;  // smoothed
    Timestamp last_packet;
    Timestamp selected_at;
    bool selected = false;
    bool spare = false;
  };

  static constexpr double kSilence = -127;
  // Who is to displace another has to be this much louder.
  static constexpr double kHysteresisDb = 3;
  // Who sends nothing for so long (muted, or DTX) counts as silent.
  static constexpr Duration kSilenceAfter = Duration::Millis(600);
  // Who does not tell its level counts as between speech and the noise of a room, and as this much
  // less for each second that it has had its place: voices that tell come first, and those that do
  // not take turns of ten seconds and more.
  static constexpr double kUntoldDbov = -50;
  static constexpr double kUntoldDbPerSecond = 0.3;

  // `loudest`: how many are forwarded; 0: all.
  explicit AudioSelector(size_t loudest) : loudest_(loudest) {}

  void OnPacket(Speaker& speaker, std::optional<uint8_t> minus_dbov, Timestamp now);
  void Remove(Speaker& speaker);
  // Whether the packets of `speaker` are for a listener; one who is selected himself
  // (`listener_speaks`) gets the spare too.
  bool Audible(const Speaker& speaker, bool listener_speaks) const {
    return loudest_ == 0 || speaker.selected || (speaker.spare && listener_speaks);
  }

 private:
  Speaker* Quietest(Timestamp now) const;
  void Select(Speaker& speaker, Timestamp now);

  const size_t loudest_;
  std::vector<Speaker*> selected_;  // at most loudest_
  Speaker* spare_ = nullptr;
};

}  // namespace ferry::gateway
