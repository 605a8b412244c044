// Opens connections to one gateway, whatever carries them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "net/asio.h"
#include "net/connection.h"
#include "net/tls_options.h"

namespace ferry::client {

struct GatewayAddress {
  std::string host;  // a name or an address, IPv6 without brackets
  uint16_t port = 443;
  // What a proxy has put before the gateway's own paths: "/ferry", or nothing.
  std::string prefix;
};
// Of "https://host:port/prefix" or "host:port"; without a port, 443.
Result<GatewayAddress> ParseGatewayAddress(std::string_view text);

const char* Name(net::TransportKind kind);

class Connector {
 public:
  Connector(boost::asio::io_context& io, GatewayAddress gateway, net::TlsOptions tls);

  // Connects, makes the handler and lives until the connection has ended; an error when it could
  // not be opened, and then no handler was made.
  boost::asio::awaitable<Result<void>> Run(net::TransportKind kind, net::HandlerFactory handler);

 private:
  boost::asio::awaitable<Result<void>> RunWebTransport(net::HandlerFactory handler);
  std::string Path(std::string_view path) const { return gateway_.prefix + std::string(path); }

  boost::asio::io_context& io_;
  GatewayAddress gateway_;
  net::TlsOptions tls_;
};

}  // namespace ferry::client
