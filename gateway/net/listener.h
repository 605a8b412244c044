// The gateway's TCP port: accepts, speaks TLS, answers HTTP, and hands WebSocket upgrades on; or
// the same without TLS, for reverse proxies that end it. Each worker has a listener of its own on
// the same port; the kernel spreads connections over them.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/base/error.h"
#include "gateway/base/metrics.h"
#include "gateway/net/address_limits.h"
#include "gateway/net/asio.h"
#include "gateway/net/certificate_store.h"
#include "gateway/net/connection_budget.h"
#include "gateway/net/connection_client.h"
#include "gateway/net/http_connection.h"
#include "gateway/net/origin_policy.h"
#include "gateway/net/proxy_preface.h"
#include "net/byte_stream.h"
#include "net/connection.h"
#include "net/websocket/handshake.h"
#include "net/websocket/websocket_connection.h"

namespace spdlog {
class logger;
}

namespace ferry::gateway {

using net::kWebSocketPath;
using net::kWebSocketProtocol;

struct ListenerLimits : ConnectionLimits {
  // Of all workers together: each has its share.
  size_t max_half_open = 2000;         // TLS handshakes under way
  size_t max_http_connections = 2000;  // those that are no client's (yet)
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds http_idle_timeout{30'000};
};

// What the listeners of all workers share.
struct ListenerShared {
  const CertificateStore& certificates;
  AddressLimits& addresses;
  const OriginPolicy& origins;
  const ProxyPolicy& proxies;
};

// Without TLS only this machine and trusted proxies are served.
enum class Carrier { kTls, kPlain };

class Listener {
 public:
  // Bytes the kernel may hold unsent for one client. What is more waits in the send queue, where it
  // can still be dropped when it gets old.
  static constexpr int kMaxUnsentKernelBytes = 32 * 1024;

  // `workers`: that share the limits.
  Listener(asio::io_context& io, const ListenerShared& shared, const ListenerLimits& limits,
           size_t workers, HttpHandler& http, net::HandlerFactory sessions, Metrics& metrics,
           spdlog::logger& log, Carrier carrier = Carrier::kTls);

  // Binds `address` (an IP, "::" is both families) and begins to accept. Port 0 takes a free one;
  // the listeners of other workers are then given that one.
  Result<void> Start(const std::string& address, uint16_t port);
  uint16_t port() const { return port_; }
  // Stops accepting and ends connections that are not (yet) clients.
  void Stop();

 private:
  using Socket = asio::ip::tcp::socket;

  Result<void> Bind(const asio::ip::tcp::endpoint& endpoint);
  asio::awaitable<void> Accept();
  // Admits the connection or closes it.
  void OnAccepted(Socket socket);
  asio::awaitable<void> Serve(Socket socket, asio::ip::address peer);
  // A proxy's header, if there is one. Gives what has been read of the connection itself; nullopt:
  // it is not to be served.
  asio::awaitable<std::optional<std::string>> ReadPreface(net::ByteStream& stream,
                                                          ConnectionClient& client);
  asio::awaitable<bool> Handshake(net::ByteStream& stream, const asio::ip::address& remote);
  // What comes before HTTP: the preface, and TLS where there is to be any. As ReadPreface.
  asio::awaitable<std::optional<std::string>> Open(net::ByteStream& stream,
                                                   ConnectionClient& client);
  // A connection in the limits that it counts against.
  struct Slots {
    AddressLimits::Slot address;
    AddressLimits::Slot client;  // once it is one
  };
  // The WebSocket that the connection has become, if it has.
  asio::awaitable<std::shared_ptr<net::WebSocketConnection>> ServeHttp(net::ByteStream& stream,
                                                                       ConnectionClient& client,
                                                                       Slots& slots,
                                                                       const std::string& begin);
  // The answer to a request; nullopt: its upgrade is granted.
  asio::awaitable<std::optional<HttpResponse>> Answer(HttpConnection& connection,
                                                      HttpRequest& request,
                                                      ConnectionClient& client, Slots& slots);
  // What is answered here at once; nullopt: it is an upgrade to be granted, or another's to answer.
  std::optional<HttpResponse> AnswerHere(const HttpRequest& request, const std::string& slashed,
                                         const ConnectionClient& client, Slots& slots);
  // Each once: what is wrong with a proxy is wrong with all that comes through it.
  void NoteIgnored(const ConnectionClient& client, const HttpRequest& request);
  void NoteLackingUpgrade(const ConnectionClient& client, const HttpRequest& request);
  // Counts it, and logs the first of its kind: the next ones say the same of whoever tries.
  void Refuse(RefusedBecause reason, const asio::ip::address& peer, std::string_view why);
  void LogThrown(const std::exception_ptr& thrown);

  asio::io_context& io_;
  const ListenerShared shared_;
  const ListenerLimits limits_;
  HttpHandler& http_;
  const net::HandlerFactory sessions_;
  Metrics& metrics_;
  spdlog::logger& log_;
  const Carrier carrier_;
  asio::ip::tcp::acceptor acceptor_;
  uint16_t port_ = 0;
  bool stopped_ = false;
  ConnectionBudget half_open_;
  ConnectionBudget http_connections_;
  std::set<RefusedBecause> refusals_logged_;
  bool ignoring_logged_ = false;
  bool lacking_upgrade_logged_ = false;
};

}  // namespace ferry::gateway
