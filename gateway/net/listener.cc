#include "gateway/net/listener.h"

#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

namespace ferry::gateway {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

std::string AddressText(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

// True when the request offers the subprotocol we speak (RFC 6455 §4.2.2).
bool OffersProtocol(const HttpRequest& request) {
  const auto offered = request[http::field::sec_websocket_protocol];
  for (const auto name : http::token_list(offered)) {
    if (name == beast::string_view(kWebSocketProtocol.data(), kWebSocketProtocol.size())) {
      return true;
    }
  }
  return false;
}

}  // namespace

Listener::Listener(asio::io_context& io, std::shared_ptr<asio::ssl::context> tls,
                   const ListenerLimits& limits, HttpHandler http_handler,
                   net::HandlerFactory sessions, Metrics& metrics, spdlog::logger& log)
    : io_(io),
      tls_(std::move(tls)),
      limits_(limits),
      http_(std::move(http_handler)),
      sessions_(std::move(sessions)),
      metrics_(metrics),
      log_(log),
      acceptor_(io) {}

Result<void> Listener::Start(const std::string& address, uint16_t port) {
  error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot listen on \"" + address + "\": not an address");
  }
  const tcp::endpoint endpoint(ip, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error && ip.is_v6()) acceptor_.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error && ip == asio::ip::address_v6::any()) {
    // A host without IPv6.
    acceptor_.close(error);
    return Start("0.0.0.0", port);
  }
  if (error) {
    return Fail(ErrorCode::kInvalidArgument, "cannot listen on " + address + " port " +
                                                 std::to_string(port) + ": " + error.message());
  }
  port_ = acceptor_.local_endpoint().port();
  asio::co_spawn(
      io_, [this] { return Accept(); }, asio::detached);
  return {};
}

void Listener::Stop() {
  stopped_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  for (TlsStream* stream : http_streams_) beast::get_lowest_layer(*stream).socket().close(ignored);
}

asio::awaitable<void> Listener::Accept() {
  while (!stopped_) {
    error_code error;
    Socket socket = co_await acceptor_.async_accept(Into(error));
    if (stopped_) co_return;
    if (error) {
      // Out of descriptors or the like: wait for some to come back rather than spin.
      log_.warn("event=accept-failed error=\"{}\"", error.message());
      asio::steady_timer pause(io_, std::chrono::milliseconds(100));
      co_await pause.async_wait(Into(error));
      continue;
    }
    if (connections_ >= limits_.max_connections) {
      metrics_.connections_refused.Add();
      continue;  // closes it
    }
    asio::co_spawn(
        io_, [this, moved = std::move(socket)]() mutable { return Serve(std::move(moved)); },
        [this](const std::exception_ptr& thrown) { LogThrown(thrown); });
  }
}

// What is thrown while one connection is served ends that connection, and no other.
void Listener::LogThrown(const std::exception_ptr& thrown) {
  if (!thrown) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    log_.error("event=connection-failed error={:?}", error.what());
  }
}

asio::awaitable<void> Listener::Serve(Socket socket) {
  struct Counted {
    explicit Counted(Listener& owner) : listener(owner) { Add(1); }
    ~Counted() { Add(-1); }
    void Add(int n) const {
      listener.connections_ += static_cast<size_t>(n);
      listener.metrics_.connections.Add(n);
    }
    Listener& listener;
  };
  const Counted counted(*this);
  metrics_.connections_total.Add();
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (!error) {
    socket.set_option(tcp::no_delay(true), error);
    const int unsent = kMaxUnsentKernelBytes;
    setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
    TlsStream stream(std::move(socket), *tls_);
    struct Listed {
      Listed(std::set<TlsStream*>& all, TlsStream* one) : streams(all), stream(one) {
        streams.insert(stream);
      }
      ~Listed() { streams.erase(stream); }
      std::set<TlsStream*>& streams;
      TlsStream* stream;
    };
    const Listed listed(http_streams_, &stream);
    co_await ServeTls(stream, AddressText(endpoint));
  }
}

asio::awaitable<void> Listener::ServeTls(TlsStream& stream, const std::string& remote) {
  auto& socket = beast::get_lowest_layer(stream);
  error_code error;
  socket.expires_after(limits_.handshake_timeout);
  co_await stream.async_handshake(asio::ssl::stream_base::server, Into(error));
  if (error) {
    metrics_.tls_failures.Add();
    log_.debug("event=tls-failed remote={} error=\"{}\"", remote, error.message());
    co_return;
  }
  beast::flat_buffer buffer;
  for (bool again = true; again && !stopped_;) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(kMaxRequestHeaderBytes);
    parser.body_limit(kMaxRequestBodyBytes);
    socket.expires_after(limits_.http_idle_timeout);
    co_await http::async_read(stream, buffer, parser, Into(error));
    if (error) break;
    metrics_.http_requests.Add();
    const HttpRequest request = parser.release();
    const bool upgrade =
        beast::websocket::is_upgrade(request) &&
        TargetPath({request.target().data(), request.target().size()}) == kWebSocketPath &&
        OffersProtocol(request);
    if (upgrade) {
      http_streams_.erase(&stream);
      const auto connection = std::make_shared<WebSocketConnection>(std::move(stream), remote);
      co_await connection->Run(request, sessions_);
      co_return;
    }
    again = co_await Answer(stream, request);
  }
  socket.expires_after(limits_.handshake_timeout);
  co_await stream.async_shutdown(Into(error));
}

asio::awaitable<bool> Listener::Answer(TlsStream& stream, const HttpRequest& request) {
  HttpResponse answer = http_(request);
  http::response<http::span_body<const char>> response;
  static_cast<http::fields&>(response.base()) = std::move(answer.headers);
  response.result(answer.status);
  response.version(request.version());
  response.keep_alive(request.keep_alive());
  const size_t size = answer.body ? answer.body->size() : 0;
  if (size > 0 && request.method() != http::verb::head) {
    response.body() = {answer.body->data(), size};
  }
  if (answer.status != 304) response.content_length(size);
  error_code error;
  beast::get_lowest_layer(stream).expires_after(limits_.http_idle_timeout);
  co_await http::async_write(stream, response, Into(error));
  co_return !error && request.keep_alive();
}

}  // namespace ferry::gateway
