#include "net/webtransport/webtransport_listener.h"

#include <utility>

#include "net/webtransport/webtransport_connection.h"

namespace ferry::net {

Result<std::unique_ptr<WebTransportListener>> WebTransportListener::Start(
    boost::asio::io_context& io, WebTransportListenerSetup setup, HandlerFactory make_handler,
    QuicCounters& counters) {
  const WebTransportConnection::Decision decision =
      [path = std::move(setup.path),
       allows = std::move(setup.allows_origin)](const ConnectRequest& request) -> unsigned {
    if (request.path.substr(0, request.path.find('?')) != path) return 404;
    if (allows && !request.origin.empty() && !allows(request.origin)) return 403;
    return 200;
  };
  const Duration session_timeout = setup.quic.config.handshake_timeout;
  auto quic = QuicServer::Start(
      io, std::move(setup.quic),
      [=, &io, make_handler = std::move(make_handler)](QuicConnection& connection) {
        return WebTransportConnection::Accept(io, connection, decision, make_handler,
                                              session_timeout)
            ->quic_handler();
      },
      counters);
  if (!quic) return std::unexpected(quic.error());
  return std::unique_ptr<WebTransportListener>(new WebTransportListener(std::move(*quic)));
}

void WebTransportListener::CloseAll() { quic_->endpoint().CloseAll(0x100, ""); }

}  // namespace ferry::net
