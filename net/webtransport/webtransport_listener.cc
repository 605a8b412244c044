#include "net/webtransport/webtransport_listener.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "net/webtransport/webtransport_connection.h"

namespace ferry::net {

Result<std::unique_ptr<WebTransportListener>> WebTransportListener::Start(
    boost::asio::io_context& io, WebTransportListenerSetup setup, HandlerFactory make_handler,
    QuicCounters& counters) {
  const WebTransportConnection::Decision decision =
      [paths = std::move(setup.paths),
       allows = std::move(setup.allows_origin)](const ConnectRequest& request) -> unsigned {
    const std::string_view path = std::string_view(request.path).substr(0, request.path.find('?'));
    if (std::ranges::find(paths, path) == paths.end()) return 404;
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
