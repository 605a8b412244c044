// What a QUIC endpoint is told, and what it counts.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/units.h"

namespace ferry::net {

// Keys the tokens of Retry and NEW_TOKEN (RFC 9000 §8.1) and of stateless resets (§10.3): one for
// all workers, so that each can answer for any, and the same after a restart, so that the next
// process can answer for the last.
using QuicSecret = std::array<uint8_t, 32>;

struct QuicConfig {
  Duration handshake_timeout = Duration::Seconds(10);
  // Silence after which a connection is given up; the application keeps it alive by its pings.
  Duration idle_timeout = Duration::Seconds(30);
  // Of one endpoint, half-open ones included.
  size_t max_connections = 10'000;
  // Of those the ones that are half open: in their handshake, or nothing lives above them yet.
  size_t max_half_open = 2'000;
  // Half-open handshakes with clients that have not shown that they receive at the address they
  // send from: of one endpoint, and of one address. Any further client must show it by a Retry
  // before anything is kept for it. 0: always.
  size_t retry_threshold = 64;
  size_t retry_threshold_per_address = 4;
  // Streams the other side may have open at a time: a session needs five (CONNECT, control, and
  // three of HTTP/3's own); more than is needed are tolerated, not many more.
  uint64_t max_bidi_streams = 32;
  uint64_t max_uni_streams = 16;
};

// Written by one thread, read by any.
class QuicCounter {
 public:
  void Add(uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Of one endpoint, since it began.
struct QuicCounters {
  QuicCounter handshakes;           // done
  QuicCounter handshake_failures;   // begun and not done: timeout, TLS, garbage
  QuicCounter connections_refused;  // over a limit: of connections or of the address
  QuicCounter retries;
  QuicCounter resets;  // stateless
  QuicCounter version_negotiations;
  QuicCounter packets_in;
  QuicCounter packets_out;
  QuicCounter packets_unknown;      // of no connection, and beginning none
  QuicCounter datagrams_oversized;  // refused, because the path does not carry them
  QuicCounter gso_fallbacks;
  QuicCounter send_blocked;      // the kernel's buffer was full: the packets waited
  QuicCounter send_errors;       // packets that the kernel refused
  QuicCounter handler_failures;  // connections ended by an exception of what lives above
  QuicCounter idle_timeouts;     // connections given up: nothing was heard of the other side
  // Counted by what lives above (net/h3, net/webtransport).
  QuicCounter h3_excessive_load;          // connections closed for too much of something
  QuicCounter h3_errors;                  // … for what else is against HTTP/3's rules
  QuicCounter h3_wasted_streams;          // requests refused, and streams that came to nothing
  QuicCounter session_timeouts;           // connections closed: no session was opened in time
  QuicCounter session_datagrams_dropped;  // of no session that is open
  QuicCounter session_streams_refused;    // of no session, or too many before it was open
};

}  // namespace ferry::net
