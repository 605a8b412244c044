// Decides which missing packets to ask for again, when, and how often (RFC 4585 §6.2.1).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/base/sequence_number.h"
#include "core/base/units.h"

namespace ferry::transport {

class NackGenerator {
 public:
  // Packets missed beyond this are a broken stream, better healed by a key frame.
  static constexpr size_t kMaxMissing = 512;
  static constexpr int kMaxRequests = 10;
  // How long a gap may be mere reordering.
  static constexpr Duration kReorderWait = Duration::Millis(5);

  void OnPacket(uint16_t sequence_number, Timestamp now);
  // Numbers to ask for now: each first after kReorderWait, then once a round trip.
  std::vector<uint16_t> TakeDue(Timestamp now, Duration round_trip);
  // When TakeDue will next have something; Infinite when nothing is missing.
  Timestamp NextDue() const;
  // Forgets everything before this (already played or given up).
  void ForgetBefore(uint16_t sequence_number);
  // True once after packets were given up (too many missing or asked too often); the caller asks
  // for a key frame.
  bool TakeGaveUp();
  size_t missing() const { return missing_.size(); }

 private:
  struct Missing {
    Timestamp due;
    int requests = 0;
  };
  Unwrapper<uint16_t> unwrapper_;
  bool started_ = false;
  int64_t highest_ = 0;
  std::map<int64_t, Missing> missing_;
  bool gave_up_ = false;
};

}  // namespace ferry::transport
