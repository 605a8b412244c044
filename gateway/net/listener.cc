#include "gateway/net/listener.h"

#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>

#include "gateway/net/socket_deadline.h"
#include "net/address_text.h"

namespace ferry::gateway {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using net::AddressText;
using net::TlsStream;

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

HttpResponse TooManyFromThisAddress() {
  HttpResponse response =
      TextResponse(429, "text/plain", "too many connections from this address\n");
  response.headers.set(http::field::retry_after, "10");
  return response;
}

HttpResponse OriginNotAllowed(std::string_view origin) {
  return TextResponse(403, "text/plain",
                      "pages of " + std::string(origin) +
                          " may not connect here: see allowed-origins in the gateway's "
                          "configuration\n");
}

}  // namespace

Listener::Listener(asio::io_context& io, const ListenerShared& shared, const ListenerLimits& limits,
                   HttpHandler http_handler, net::HandlerFactory sessions, Metrics& metrics,
                   spdlog::logger& log)
    : io_(io),
      shared_(shared),
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
  auto bound = Bind({ip, port});
  // A host without IPv6.
  if (!bound && ip == asio::ip::address_v6::any()) bound = Bind({asio::ip::address_v4(), port});
  if (!bound) return bound;
  port_ = acceptor_.local_endpoint().port();
  asio::co_spawn(
      io_, [this] { return Accept(); }, asio::detached);
  return {};
}

Result<void> Listener::Bind(const tcp::endpoint& endpoint) {
  error_code error;
  acceptor_.close(error);
  acceptor_.open(endpoint.protocol(), error);
  if (!error && endpoint.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  const int on = 1;
  if (!error &&
      setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) {
    error.assign(errno, boost::system::system_category());
  }
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) return {};
  return Fail(ErrorCode::kInvalidArgument, "cannot listen on " + endpoint.address().to_string() +
                                               " port " + std::to_string(endpoint.port()) + ": " +
                                               error.message());
}

void Listener::Stop() {
  stopped_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  for (TlsStream* stream : http_streams_) stream->next_layer().close(ignored);
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
    OnAccepted(std::move(socket));
  }
}

void Listener::OnAccepted(Socket socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return;
  auto slot = shared_.addresses.Connect();
  // Refused before TLS, whose handshake is what costs.
  if (!slot || !shared_.addresses.Admit(endpoint.address())) return;
  asio::co_spawn(
      io_,
      [this, moved_socket = std::move(socket), moved_slot = std::move(*slot)]() mutable {
        return Serve(std::move(moved_socket), std::move(moved_slot));
      },
      [this](const std::exception_ptr& thrown) { LogThrown(thrown); });
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

asio::awaitable<void> Listener::Serve(Socket socket, AddressLimits::Slot slot) {
  struct Counted {
    explicit Counted(Metrics& one) : metrics(one) { metrics.connections.Add(1); }
    ~Counted() { metrics.connections.Add(-1); }
    Metrics& metrics;
  };
  const Counted counted(metrics_);
  metrics_.connections_total.Add();
  error_code error;
  const asio::ip::address remote = socket.remote_endpoint(error).address();
  socket.set_option(tcp::no_delay(true), error);
  const int unsent = kMaxUnsentKernelBytes;
  setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
  const auto identity = shared_.certificates.current();
  TlsStream stream(std::move(socket), *identity->tls);
  struct Listed {
    Listed(std::set<TlsStream*>& all, TlsStream* one) : streams(all), stream(one) {
      streams.insert(stream);
    }
    ~Listed() { streams.erase(stream); }
    std::set<TlsStream*>& streams;
    TlsStream* stream;
  };
  const Listed listed(http_streams_, &stream);
  if (!co_await Handshake(stream, remote)) co_return;
  // What HTTP needed is gone while the WebSocket lives.
  const auto connection = co_await ServeHttp(stream, remote, slot);
  if (connection) co_await connection->Run(sessions_);
}

asio::awaitable<bool> Listener::Handshake(TlsStream& stream, const asio::ip::address& remote) {
  struct HalfOpen {
    ~HalfOpen() { addresses.Release(remote); }
    AddressLimits& addresses;
    const asio::ip::address& remote;
  };
  const HalfOpen half_open{shared_.addresses, remote};
  SocketDeadline deadline(stream.next_layer());
  deadline.ExpireAfter(limits_.handshake_timeout);
  error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::server, Into(error));
  if (!error) co_return true;
  metrics_.tls_failures.Add();
  log_.debug("event=tls-failed remote={} error=\"{}\"", AddressText(remote), error.message());
  co_return false;
}

asio::awaitable<std::shared_ptr<net::WebSocketConnection>> Listener::ServeHttp(
    TlsStream& stream, const asio::ip::address& remote, AddressLimits::Slot& slot) {
  const bool one_too_many = !shared_.addresses.Identify(slot, remote);
  SocketDeadline deadline(stream.next_layer());
  error_code error;
  beast::flat_buffer buffer;
  for (bool again = true; again && !stopped_;) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(kMaxRequestHeaderBytes);
    parser.body_limit(kMaxRequestBodyBytes);
    deadline.ExpireAfter(limits_.http_idle_timeout);
    co_await http::async_read(stream, buffer, parser, Into(error));
    if (error == http::error::header_limit) metrics_.http_headers.Add();
    if (error == http::error::body_limit) metrics_.http_body.Add();
    if (error) break;
    metrics_.http_requests.Add();
    const HttpRequest request = parser.release();
    deadline.ExpireAfter(limits_.http_idle_timeout);
    if (one_too_many) {
      co_await Answer(stream, request, TooManyFromThisAddress());
      break;
    }
    const bool upgrade =
        net::IsWebSocketUpgrade(request) && TargetPath(View(request.target())) == kWebSocketPath;
    const auto origin = View(request[http::field::origin]);
    if (!upgrade) {
      again = co_await Answer(stream, request, http_(request));
    } else if (!shared_.origins.Allows(origin)) {
      shared_.addresses.CountRefusal(RefusedBecause::kOrigin);
      again = co_await Answer(stream, request, OriginNotAllowed(origin));
    } else {
      const std::string response = net::UpgradeResponse(request);
      co_await asio::async_write(stream, asio::buffer(response), Into(error));
      if (error || stopped_) break;
      http_streams_.erase(&stream);
      const auto behind = buffer.cdata();
      co_return std::make_shared<net::WebSocketConnection>(
          net::ByteStream(std::move(stream)), net::WebSocketRole::kServer, AddressText(remote),
          ByteSpan(static_cast<const uint8_t*>(behind.data()), behind.size()));
    }
  }
  if (deadline.expired()) metrics_.http_idle.Add();
  deadline.ExpireAfter(limits_.handshake_timeout);
  co_await stream.async_shutdown(Into(error));
  co_return nullptr;
}

asio::awaitable<bool> Listener::Answer(TlsStream& stream, const HttpRequest& request,
                                       HttpResponse answer) {
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
  co_await http::async_write(stream, response, Into(error));
  co_return !error && request.keep_alive();
}

}  // namespace ferry::gateway
