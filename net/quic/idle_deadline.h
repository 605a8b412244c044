// When a connection with nothing to send is woken for what ngtcp2 has to do in time.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ferry::net {

// What both ends may count on (RFC 9000 §13.2.1): a packet is acknowledged no later. Nanoseconds.
inline constexpr uint64_t kMaxAckDelay = 50'000'000;

// All connections' timers fall on the same moments, so that one wake-up and one system call serve
// many.
inline constexpr uint64_t kIdleTick = 10'000'000;

// With nothing in flight no packet can be lost, and what is due is an acknowledgement: it waits so
// long for a packet to carry it, the next frame's of a video of 30 per second. Every second packet
// of the peer's is acknowledged at once anyway.
inline constexpr uint64_t kAckHold = 30'000'000;

// The moment for an expiry of ngtcp2's, which lets an acknowledgement wait for an eighth of the
// round trip: what is added to that keeps the promise made. All in nanoseconds.
inline uint64_t IdleDeadline(uint64_t expiry, uint64_t smoothed_rtt, bool in_flight) {
  const uint64_t left = kMaxAckDelay - std::min(kMaxAckDelay, smoothed_rtt / 8);
  if (left < kIdleTick) return expiry;
  if (!in_flight) expiry += std::min(kAckHold, left - kIdleTick);
  return (expiry + kIdleTick - 1) / kIdleTick * kIdleTick;
}

}  // namespace ferry::net
