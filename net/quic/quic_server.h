// The server's side of an endpoint: lets clients in, and answers what belongs to no connection.
// Random bytes on the port cost a hash lookup; what asks for more is limited.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <memory>

#include "core/base/error.h"
#include "net/address_gate.h"
#include "net/quic/quic_endpoint.h"

namespace ferry::net {

struct QuicServerSetup {
  boost::asio::ip::udp::endpoint local;  // the same for all workers
  WorkerSlot worker;
  QuicConfig config;
  QuicSecret secret{};
  std::shared_ptr<const QuicTlsSource> tls;
  AddressGate* gate = nullptr;  // outlives the server; null: no limit per address
};

class QuicServer final : private QuicEndpoint::UnmatchedPacketSink {
 public:
  // Stateless answers (resets, refusals) a second; what is more goes unanswered.
  static constexpr double kMaxStatelessAnswersPerSecond = 200;

  // Workers are to be started in the order of their index: steering counts the sockets.
  static Result<std::unique_ptr<QuicServer>> Start(boost::asio::io_context& io,
                                                   QuicServerSetup setup,
                                                   QuicHandlerFactory factory,
                                                   QuicCounters& counters);

  QuicEndpoint& endpoint() { return endpoint_; }
  uint16_t port() const { return endpoint_.local_address().port(); }
  size_t half_open() const { return half_open_->total; }
  // From now on every new client is refused.
  void StopAccepting() { accepting_ = false; }

 private:
  QuicServer(boost::asio::io_context& io, std::unique_ptr<UdpSocket> socket, QuicServerSetup setup,
             QuicHandlerFactory factory, QuicCounters& counters);

  void OnUnmatchedPacket(ByteSpan packet, const ngtcp2_version_cid& id, const UdpPath& path,
                         uint8_t ecn) override;
  void OnUnsupportedVersion(ByteSpan packet, const ngtcp2_version_cid& id,
                            const UdpPath& path) override;
  void Accept(const ngtcp2_pkt_hd& header, const UdpPath& path);
  bool CheckToken(QuicConnection::Initial& initial) const;
  bool MustProve(const boost::asio::ip::address& address) const;
  void SendRetry(const ngtcp2_pkt_hd& header, const UdpPath& path);
  void Refuse(const ngtcp2_pkt_hd& header, const UdpPath& path, uint64_t error);
  void SendReset(ByteSpan packet, const ngtcp2_version_cid& id, const UdpPath& path);
  bool MayAnswer();

  const QuicServerSetup setup_;
  const QuicHandlerFactory factory_;
  QuicCounters& counters_;
  // Shared with the handshakes themselves, which may outlive this.
  std::shared_ptr<HalfOpenTable> half_open_ = std::make_shared<HalfOpenTable>();
  bool accepting_ = true;
  double answers_left_ = kMaxStatelessAnswersPerSecond;
  uint64_t answers_counted_at_ = 0;
  QuicEndpoint endpoint_;
};

}  // namespace ferry::net
