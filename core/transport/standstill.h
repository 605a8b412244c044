// Moments in which a thread at either end, or the path's radio, stood still: what is late then is
// late all at once, while a queue grows by no more than a packet's time from one to the next.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/units.h"

namespace ferry::transport {

class Standstill {
 public:
  // From one packet to the next, a queue of full packets grows by so much on links of less than
  // 184 kbps only; there it grows by the next as well, without having fallen.
  static constexpr Duration kLeast = Duration::Millis(50);
  // By so much on none that a call could use (46 kbps).
  static constexpr Duration kSurely = Duration::Millis(200);
  // Rounds (feedbacks) after one during which what it held up may still arrive late.
  static constexpr int kRounds = 3;

  // In the order of their transport-wide numbers; those that were overtaken tell nothing.
  void OnPacket(uint16_t number, Timestamp sent, Timestamp arrived);
  void EndRound();
  // In this round, or in one of the kRounds before.
  bool recent() const { return rounds_left_ > 0; }
  void Reset() { *this = Standstill(); }

 private:
  std::optional<uint16_t> last_number_;
  Duration last_delay_;
  Duration last_jump_to_;
  bool fell_since_jump_ = true;  // by half of kLeast: what was held up comes
  int rounds_left_ = 0;          // the present one included
};

}  // namespace ferry::transport
