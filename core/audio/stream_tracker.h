// Follows one sender's sequence numbers and timestamps through wraps, and tells its packets from
// duplicates, strays and a sender that started anew (RFC 3550 appendix A.1).
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/units.h"

namespace ferry {

class StreamTracker {
 public:
  enum class Verdict {
    kAccept,
    kDuplicate,
    kStray,    // does not fit; dropped until a second one confirms it
    kRestart,  // accepted, and everything before it belongs to another life of the sender
  };
  struct Position {
    Verdict verdict = Verdict::kStray;
    int64_t sequence_number = 0;  // unwrapped
    int64_t timestamp = 0;        // unwrapped
    bool overtaken = false;       // a packet that follows it has come before it
  };

  Position OnPacket(uint16_t sequence_number, uint32_t timestamp, Timestamp arrival);

 private:
  bool IsPlausible(int sequence_step, int64_t timestamp_step, Duration elapsed) const;
  Position Accept(int sequence_step, int64_t timestamp_step, Timestamp arrival);

  struct Stray {
    uint16_t sequence_number;
    uint32_t timestamp;
  };
  std::optional<Stray> stray_;
  bool started_ = false;
  int64_t newest_sequence_ = 0;
  int64_t newest_timestamp_ = 0;
  Timestamp newest_arrival_;
  uint64_t seen_ = 0;  // bit n: newest_sequence_ - n has come
};

}  // namespace ferry
