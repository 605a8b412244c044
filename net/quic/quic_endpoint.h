// One UDP socket and the QUIC connections on it: reading, time and writing for all of them, in
// turns. A turn reads a batch of packets (or handles the timers that are due), and then writes,
// once, for every connection that has something to write.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "net/quic/connection_id.h"
#include "net/quic/quic_config.h"
#include "net/quic/quic_connection.h"
#include "net/quic/steering.h"
#include "net/quic/timer_heap.h"
#include "net/quic/udp_socket.h"

namespace ferry::net {

class QuicEndpoint final : private UdpPacketSink {
 public:
  // Gets packets of no connection there is: a server's business.
  class UnmatchedPacketSink {
   public:
    // `version` is 0 in short-header packets; `id` points into the packet.
    virtual void OnUnmatchedPacket(ByteSpan packet, const ngtcp2_version_cid& id,
                                   const UdpPath& path, uint8_t ecn) = 0;
    // Of a version that we do not speak.
    virtual void OnUnsupportedVersion(ByteSpan packet, const ngtcp2_version_cid& id,
                                      const UdpPath& path) = 0;

   protected:
    ~UnmatchedPacketSink() = default;
  };

  // `unmatched` may be null.
  QuicEndpoint(boost::asio::io_context& io, std::unique_ptr<UdpSocket> socket,
               const QuicConfig& config, const QuicSecret& secret, WorkerSlot worker,
               QuicCounters& counters, UnmatchedPacketSink* unmatched);
  ~QuicEndpoint();

  // Takes it in, and writes its first packets.
  void Add(std::unique_ptr<QuicConnection> connection);
  size_t connections() const { return connections_.size(); }
  // Closes every connection, with the application's error code.
  void CloseAll(uint64_t application_error, std::string_view reason);
  // Goes on with another socket; packets to the old one are lost.
  void ReplaceSocket(std::unique_ptr<UdpSocket> socket);
  // Gives a packet to the connection that its id names, if there is one.
  bool ReadIfKnown(ByteSpan packet, const ngtcp2_version_cid& id, const UdpPath& path, uint8_t ecn);
  // A packet beside all connections.
  void SendAlone(ByteSpan packet, const UdpPath& path);

  // For its connections.
  const QuicConfig& config() const { return config_; }
  QuicCounters& counters() { return counters_; }
  WorkerSlot worker() const { return worker_; }
  // What the first socket was bound to.
  const UdpAddress& local_address() const { return local_; }
  UdpSocket& socket() { return *socket_; }
  // The turn's time: nanoseconds of the monotonic clock.
  uint64_t now() const { return now_; }
  void MarkDirty(QuicConnection& connection);
  void SetTimer(QuicConnection& connection, uint64_t deadline);
  // It is over: destroyed at the end of the turn.
  void Forget(QuicConnection& connection);
  ngtcp2_cid NewId() const;
  void AddId(const ConnectionId& id, QuicConnection& connection) { ids_[id] = &connection; }
  void RemoveId(const ConnectionId& id) { ids_.erase(id); }
  // The stateless reset token of one of our ids.
  void ResetToken(const ngtcp2_cid& id, uint8_t* token) const;
  // Of the tokens that show a client's address, nanoseconds of UTC: they outlive this process and
  // even the host's start, with which the monotonic clock begins anew.
  static uint64_t TokenTime();
  // Gives the client an address-validation token for its next connection (RFC 9000 §8.1.3).
  void SubmitNewToken(ngtcp2_conn* connection, const UdpAddress& remote) const;

 private:
  void OnPacket(ByteSpan packet, const UdpPath& path, uint8_t ecn) override;
  void WaitReadable();
  void WaitWritable();
  void ArmTimer();
  void OnTimer();
  // Everything that happens to connections happens within one.
  template <typename Work>
  void Turn(Work work);
  void FlushDirty();
  void RemoveClosed();

  boost::asio::io_context& io_;
  std::unique_ptr<UdpSocket> socket_;
  const UdpAddress local_;
  const QuicConfig config_;
  const QuicSecret secret_;
  const WorkerSlot worker_;
  QuicCounters& counters_;
  UnmatchedPacketSink* const unmatched_;

  uint64_t now_ = 0;
  bool in_turn_ = false;
  bool turn_posted_ = false;
  bool waiting_writable_ = false;
  std::vector<std::unique_ptr<QuicConnection>> connections_;
  ConnectionIdMap<QuicConnection*> ids_;
  std::vector<QuicConnection*> dirty_;
  std::vector<QuicConnection*> over_;
  TimerHeap timers_;
  boost::asio::steady_timer timer_;
  uint64_t armed_for_ = TimerHeap::kNever;
  // What asynchronous operations hold, to learn that the endpoint is gone.
  std::shared_ptr<QuicEndpoint*> self_;
};

}  // namespace ferry::net
