#include "core/transport/standstill.h"

#include "core/base/sequence_number.h"

namespace ferry::transport {

void Standstill::OnPacket(uint16_t number, Timestamp sent, Timestamp arrived) {
  if (last_number_ && !IsNewer(number, *last_number_)) return;
  const Duration delay = arrived - sent;
  // Across a loss, also of feedback, a queue may have grown by any amount.
  const bool next = last_number_ && number == static_cast<uint16_t>(*last_number_ + 1);
  const Duration jump = delay - last_delay_;
  if (next && jump >= kLeast) {
    if (fell_since_jump_ || jump >= kSurely) rounds_left_ = kRounds + 1;
    fell_since_jump_ = false;
    last_jump_to_ = delay;
  } else if (last_jump_to_ - delay >= kLeast / 2) {
    fell_since_jump_ = true;
  }
  last_number_ = number;
  last_delay_ = delay;
}

void Standstill::EndRound() {
  if (rounds_left_ > 0) --rounds_left_;
}

}  // namespace ferry::transport
