#include "client/transport/connector.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "net/websocket/websocket_client.h"
#ifdef FERRY_WITH_WEBTRANSPORT
#include "net/webtransport/webtransport_client.h"
#endif

namespace ferry::client {

namespace asio = boost::asio;

namespace {

// The path of an address without what is the gateway's own of it, and without what is no path.
std::string Prefix(std::string_view path) {
  path = path.substr(0, path.find_first_of("?#"));
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(net::kWebSocketPath)) path.remove_suffix(net::kWebSocketPath.size());
  return std::string(path);
}

}  // namespace

Result<GatewayAddress> ParseGatewayAddress(std::string_view text) {
  const auto bad = [&] {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("\"{}\" is no gateway: write https://HOST[:PORT]", text));
  };
  std::string_view rest = text;
  if (const size_t scheme = rest.find("://"); scheme != rest.npos) {
    if (const auto name = rest.substr(0, scheme); name != "https" && name != "wss") return bad();
    rest.remove_prefix(scheme + 3);
  }
  GatewayAddress address;
  if (const size_t slash = rest.find('/'); slash != rest.npos) {
    address.prefix = Prefix(rest.substr(slash));
    rest = rest.substr(0, slash);
  }
  if (rest.starts_with('[')) {
    const size_t end = rest.find(']');
    if (end == rest.npos) return bad();
    address.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  } else {
    address.host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(address.host.size());
  }
  if (address.host.empty()) return bad();
  if (rest.empty()) return address;
  if (rest.front() != ':') return bad();
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), address.port);
  if (error != std::errc{} || end != rest.data() + rest.size() || address.port == 0) return bad();
  return address;
}

const char* Name(net::TransportKind kind) {
  return kind == net::TransportKind::kWebSocket ? "websocket" : "webtransport";
}

Connector::Connector(asio::io_context& io, GatewayAddress gateway, net::TlsOptions tls)
    : io_(io), gateway_(std::move(gateway)), tls_(std::move(tls)) {}

asio::awaitable<Result<void>> Connector::Run(net::TransportKind kind, net::HandlerFactory handler) {
  if (kind == net::TransportKind::kWebTransport) co_return co_await RunWebTransport(handler);
  const std::string path = Path(net::kWebSocketPath);
  auto connection = co_await net::ConnectWebSocket(io_, gateway_.host, gateway_.port, tls_, path);
  if (!connection) co_return std::unexpected(connection.error());
  co_await (*connection)->Run(std::move(handler));
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Connector::RunWebTransport(net::HandlerFactory handler) {
#ifdef FERRY_WITH_WEBTRANSPORT
  const std::string path = Path(net::kWebTransportPath);
  auto client = co_await net::ConnectWebTransport(io_, gateway_.host, gateway_.port, tls_, path);
  if (!client) co_return std::unexpected(client.error());
  co_await (*client)->Run(std::move(handler));
  co_return Result<void>{};
#else
  static_cast<void>(handler);
  co_return Fail(ErrorCode::kUnsupported, "this ferry-cli was built without WebTransport");
#endif
}

}  // namespace ferry::client
