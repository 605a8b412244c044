// Opens a WebTransport session to a gateway.
#pragma once

#include <memory>
#include <string>

#include "core/base/error.h"
#include "net/asio.h"
#include "net/connection.h"
#include "net/quic/quic_client.h"
#include "net/tls_options.h"
#include "net/webtransport/webtransport_connection.h"
#include "net/webtransport/webtransport_listener.h"

namespace ferry::net {

// A session that is open, with its socket.
class WebTransportClient {
 public:
  ~WebTransportClient() = default;

  // Makes the handler and lives until the connection has ended. Once.
  boost::asio::awaitable<void> Run(HandlerFactory make_handler);
  // Goes on from another local port, as after a change of network.
  Result<void> Rebind() { return quic_->Rebind(); }
  QuicClient& quic() { return *quic_; }

 private:
  friend class WebTransportAttempt;
  WebTransportClient() = default;

  std::shared_ptr<WebTransportConnection> connection_;
  std::unique_ptr<QuicClient> quic_;
};

// A session at https://host:port/path; the caller runs it. `host` is a name or an address, IPv6
// without brackets. The error says which step failed and why; all addresses of the name together
// have 10 s.
boost::asio::awaitable<Result<std::shared_ptr<WebTransportClient>>> ConnectWebTransport(
    boost::asio::io_context& io, std::string host, uint16_t port, TlsOptions tls,
    std::string path = std::string(kWebTransportPath), QuicConfig config = {});

}  // namespace ferry::net
