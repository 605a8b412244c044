// Decides which missing packets to ask for again, when, and how often (RFC 4585 §6.2.1).
//
// What is missing is kept in gaps, so that a packet costs the same however far its number jumps:
// one gap more, or one gap cut in two.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/base/units.h"

namespace ferry::transport {

class NackGenerator {
 public:
  // Packets missed beyond this are a broken stream, better healed by a key frame.
  static constexpr size_t kMaxMissing = 512;
  static constexpr int kMaxRequests = 20;
  // A request may be lost as well. It is repeated before its answer can be here: who answers knows
  // what is under way.
  static constexpr double kRepeatAfter = 0.5;
  static constexpr Duration kLeastInterval = Duration::Millis(20);
  // How long a gap may be mere reordering.
  static constexpr Duration kReorderWait = Duration::Millis(5);

  // `sequence` as RtpPacket::sequence.
  void OnPacket(int64_t sequence, Timestamp now);
  // The first packet that came is not the first that was sent: as many as kMaxBeforeFirst before it
  // are asked for as well, until ForgetBefore tells where the stream begins. To be called after the
  // first OnPacket, with its number.
  void ExpectBefore(int64_t first, Timestamp now);
  static constexpr int64_t kMaxBeforeFirst = 32;
  // Numbers to ask for now: each first after kReorderWait, then twice in each round trip.
  std::vector<uint16_t> TakeNacks(Timestamp now, Duration round_trip);
  // When TakeNacks will next have something, or earlier; Infinite when nothing is missing.
  Timestamp NextDue() const { return gaps_.empty() ? Timestamp::Infinite() : next_due_; }
  // Forgets everything before this (already played or given up).
  void ForgetBefore(int64_t sequence);
  // True once after packets were given up (too many missing or asked too often); the caller asks
  // for a key frame.
  bool TakeGaveUp();
  size_t missing() const { return missing_; }
  // How many runs of consecutive numbers they are kept as.
  size_t gaps() const { return gaps_.size(); }

 private:
  // Consecutive numbers that are asked for together; the first is the key.
  struct Gap {
    int64_t end = 0;  // the number after the last
    Timestamp due;
    int requests = 0;
  };
  using Gaps = std::map<int64_t, Gap>;

  void Fill(int64_t number);
  void ForgetOldest(size_t count);
  Gaps::iterator Erase(Gaps::iterator gap);

  std::optional<int64_t> highest_;
  Gaps gaps_;
  size_t missing_ = 0;                          // in all gaps
  Timestamp next_due_ = Timestamp::Infinite();  // of none later than this
  bool gave_up_ = false;
};

}  // namespace ferry::transport
