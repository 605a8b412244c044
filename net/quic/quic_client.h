// A client's connection, with a socket of its own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "net/quic/quic_endpoint.h"

namespace ferry::net {

class QuicClient {
 public:
  // Begins to connect to `remote`; `server_name` is a name or an address, and what its certificate
  // has to be for. The factory is called at once. After OnClosed the object is to be destroyed.
  static Result<std::unique_ptr<QuicClient>> Connect(boost::asio::io_context& io,
                                                     const boost::asio::ip::udp::endpoint& remote,
                                                     const std::string& server_name,
                                                     std::shared_ptr<const QuicTlsContext> tls,
                                                     const QuicConfig& config,
                                                     const QuicHandlerFactory& factory);

  // Goes on from another local port, as after a change of network.
  Result<void> Rebind();
  QuicEndpoint& endpoint() { return *endpoint_; }
  const QuicCounters& counters() const { return counters_; }

 private:
  QuicClient(boost::asio::io_context& io, const boost::asio::ip::udp::endpoint& remote)
      : io_(io), remote_(remote) {}
  Result<std::unique_ptr<UdpSocket>> OpenSocket();

  boost::asio::io_context& io_;
  const boost::asio::ip::udp::endpoint remote_;
  QuicCounters counters_;
  std::unique_ptr<QuicEndpoint> endpoint_;
};

}  // namespace ferry::net
