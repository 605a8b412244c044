// Whether the delay should have room for the packet after a lost one, because it carries a copy of
// what was lost (Opus in-band FEC).
#pragma once

#include <algorithm>
#include <cstdint>

namespace ferry {

class FecPolicy {
 public:
  // For each packet that comes.
  void OnPacket(bool has_copy) { copies_ = has_copy ? kMemory : std::max(copies_ - 1, 0); }

  // For each packet's place that is played: was it lost?
  void OnPlayed(bool lost) {
    loss_ = loss_ * kForget + (lost ? 1.0f - kForget : 0.0f);
    waits_ = copies_ > 0 && loss_ > (waits_ ? kNotWorthLoss : kWorthLoss);
  }
  // For packets lost in a row, which a packet after them reveals.
  void OnMissing(int64_t packets) {
    // More at once says no more: it is an outage.
    constexpr int64_t kMaxNoted = 20;
    for (int64_t i = 0; i < std::min(packets, kMaxNoted); ++i) OnPlayed(true);
  }

  bool waits_for_copies() const { return waits_; }

 private:
  // Shares of packets lost, of the last 200 or so, between which the wait starts and ends: two
  // losses within some seconds are worth 20 ms, one in a minute is not.
  static constexpr float kWorthLoss = 0.006f;
  static constexpr float kNotWorthLoss = 0.002f;
  static constexpr float kForget = 0.995f;
  // Pauses of speech carry no copies; a stream without any for this many packets has none.
  static constexpr int kMemory = 250;

  float loss_ = 0;
  int copies_ = 0;
  bool waits_ = false;
};

}  // namespace ferry
