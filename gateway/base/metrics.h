// What the gateway counts. Plain numbers, so that counting costs nothing on the media path;
// app/prometheus_text.h turns them into text when somebody asks (docs/configuration.md lists them).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "net/protocol.h"
#include "net/quic/quic_config.h"

namespace ferry::gateway {

enum class DropReason {
  kQueueVideo,  // waited too long in a subscriber's queue
  kQueueAudio,
  kMalformed,           // neither RTP nor RTCP
  kUnknownSource,       // of no stream that was published
  kWrongPayload,        // of another codec than was published
  kLinkFull,            // between two workers
  kRate,                // beyond the publisher's bitrate or packet rate
  kRetransmissionRate,  // asked for again beyond what a subscriber may have
  kOversized,           // larger than a subscriber's path carries
  kCount,
};

// A counter or a gauge. Written by one worker, read by whoever serves /metrics.
class Count {
 public:
  void Add(int64_t n = 1) { value_.store(value() + n, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

struct Metrics {
  Count connections;       // now, of all kinds
  Count sessions;          // now, with or without a connection
  Count participants;      // now, in rooms
  Count rooms;             // now
  Count streams;           // now, published
  Count subscriptions;     // now
  Count half_open;         // now: TLS handshakes under way
  Count http_connections;  // now: over TCP, that are no client's (yet)
  Count entering;          // now: clients that have no session yet
  Count connections_total;
  Count half_open_cut;  // closed to make room for another of their kind
  Count http_connections_cut;
  Count entering_cut;
  Count tls_failures;
  Count log_lines_dropped;
  Count failures;  // operations and connections that ended by an exception: bugs
  Count http_requests;
  Count http_idle;     // connections closed: no request came, or its answer was not read, in time
  Count http_headers;  // … their request's headers were too large
  Count http_body;     // … its body was
  Count http_rate;     // requests refused: too many of their address
  Count http_busy;     // … too many were being answered
  Count http_file;     // files not served, because they are too large
  Count http_file_memory;  // times that the files kept in memory were forgotten: too many bytes
  Count joins;
  Count joins_refused;
  Count sessions_in_grace;      // now: without a connection
  Count websocket_connections;  // now, of clients
  Count webtransport_connections;
  Count sessions_resumed;
  Count sessions_moved;  // resumed while the former connection still lived
  Count resumes_refused;
  Count sessions_expired;       // not resumed in time
  Count grace_cut_full;         // waited for no longer: too many were, in all
  Count grace_cut_address;      // … of their address
  Count control_log_overflows;  // sessions ended for not acknowledging
  Count kicks;
  Count slow_readers;
  Count control_in;
  Count control_refused;
  Count control_refused_address;  // not read: too many of one address
  Count packets_in;
  Count bytes_in;
  Count packets_out;
  Count bytes_out;
  Count rtcp_in;
  Count rtcp_out;
  Count keyframe_requests;               // sent to publishers
  Count nacked_packets;                  // asked for by subscribers
  Count retransmissions;                 // answered from the cache
  Count retransmission_cache_bytes;      // now
  Count retransmission_cache_evictions;  // packets, for the worker's caches held too much
  Count layer_changes;                   // another layer of a video forwarded, or none
  Count repair_packets;                  // sent to repair what a subscriber's path loses
  Count recovered_packets;  // of publishers, lost and given back by their repair packets
  Count padding_packets;    // sent to probe the bandwidth
  std::array<Count, static_cast<size_t>(DropReason::kCount)> dropped;
  // Connections that the gateway closed, in the order of net::kCloseCodes.
  std::array<Count, net::kCloseCodes.size()> closed;
  net::QuicCounters quic;

  void Drop(DropReason reason, int64_t n = 1) { dropped[static_cast<size_t>(reason)].Add(n); }
  Count& Closed(net::CloseCode code) {
    const auto found = std::ranges::find(net::kCloseCodes, code);
    return closed.at(static_cast<size_t>(found - net::kCloseCodes.begin()));
  }
};

}  // namespace ferry::gateway
