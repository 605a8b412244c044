// Opens a WebSocket to a gateway.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "net/asio.h"
#include "net/tls_options.h"
#include "net/websocket/handshake.h"
#include "net/websocket/websocket_connection.h"

namespace ferry::net {

// For resolving, TCP, TLS and the upgrade together.
inline constexpr auto kConnectTimeout = std::chrono::seconds(10);

// A connection to wss://host:port/path, upgraded; the caller runs it (WebSocketConnection::Run).
// `host` is a name or an address, IPv6 without brackets. The error says which step failed and why.
// `tls` is to be a variable: GCC 12 destroys an aggregate made within a co_await expression twice.
boost::asio::awaitable<Result<std::shared_ptr<WebSocketConnection>>> ConnectWebSocket(
    boost::asio::io_context& io, std::string host, uint16_t port, TlsOptions tls,
    std::string path = std::string(kWebSocketPath));

}  // namespace ferry::net
