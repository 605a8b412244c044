// The gateway's port: accepts, speaks TLS, answers HTTP, and hands WebSocket upgrades on.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <set>
#include <string>

#include "core/base/error.h"
#include "gateway/app/metrics.h"
#include "gateway/net/asio.h"
#include "gateway/net/http.h"
#include "gateway/net/websocket_connection.h"

namespace spdlog {
class logger;
}

namespace ferry::gateway {

struct ListenerLimits {
  size_t max_connections = 10'000;  // of all kinds
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds http_idle_timeout{30'000};
};

class Listener {
 public:
  static constexpr size_t kMaxRequestHeaderBytes = 16 * 1024;
  static constexpr size_t kMaxRequestBodyBytes = 64 * 1024;
  // Bytes the kernel may hold unsent for one client. What is more waits in the send queue, where it
  // can still be dropped when it gets old.
  static constexpr int kMaxUnsentKernelBytes = 32 * 1024;

  Listener(boost::asio::io_context& io, std::shared_ptr<boost::asio::ssl::context> tls,
           const ListenerLimits& limits, HttpHandler http, net::HandlerFactory sessions,
           Metrics& metrics, spdlog::logger& log);

  // Binds `address` (an IP, "::" is both families) and begins to accept. Port 0 takes a free one.
  Result<void> Start(const std::string& address, uint16_t port);
  uint16_t port() const { return port_; }
  // Stops accepting and ends connections that are not (yet) sessions.
  void Stop();

 private:
  using Socket = boost::asio::ip::tcp::socket;

  boost::asio::awaitable<void> Accept();
  boost::asio::awaitable<void> Serve(Socket socket);
  boost::asio::awaitable<void> ServeTls(TlsStream& stream, const std::string& remote);
  void LogThrown(const std::exception_ptr& thrown);
  // False when the connection is not to be used again.
  boost::asio::awaitable<bool> Answer(TlsStream& stream, const HttpRequest& request);

  boost::asio::io_context& io_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  const ListenerLimits limits_;
  const HttpHandler http_;
  const net::HandlerFactory sessions_;
  Metrics& metrics_;
  spdlog::logger& log_;
  boost::asio::ip::tcp::acceptor acceptor_;
  uint16_t port_ = 0;
  size_t connections_ = 0;
  bool stopped_ = false;
  std::set<TlsStream*> http_streams_;
};

}  // namespace ferry::gateway
