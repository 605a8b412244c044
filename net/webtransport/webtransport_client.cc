#include "net/webtransport/webtransport_client.h"

#include <chrono>
#include <optional>
#include <utility>

#include "net/asio.h"

namespace ferry::net {

using asio::ip::udp;

namespace {

constexpr auto kConnectTimeout = std::chrono::seconds(10);
// For one of several addresses: a name may have one that does not answer.
constexpr auto kAddressTimeout = std::chrono::seconds(2);
// A timer that only ever ends by being cancelled.
constexpr auto kNever = std::chrono::steady_clock::time_point::max();

}  // namespace

// One attempt's steps.
class WebTransportAttempt {
 public:
  WebTransportAttempt(asio::io_context& io, std::string host, uint16_t port, std::string path,
                      QuicConfig config)
      : io_(io), host_(std::move(host)), port_(std::to_string(port)), config_(config) {
    const bool v6 = host_.find(':') != std::string::npos;
    request_.authority = (v6 ? "[" + host_ + "]" : host_) + ":" + port_;
    request_.path = std::move(path);
  }

  asio::awaitable<Result<std::shared_ptr<WebTransportClient>>> Run(TlsOptions options) {
    auto tls = QuicTlsContext::Client(std::move(options));
    if (!tls) co_return std::unexpected(tls.error());
    error_code error;
    udp::resolver resolver(io_);
    const auto endpoints = co_await resolver.async_resolve(host_, port_, Into(error));
    if (error) co_return Failed("resolve the name", error.message());
    const auto deadline = std::chrono::steady_clock::now() + kConnectTimeout;
    Result<std::shared_ptr<WebTransportClient>> outcome = Failed("connect", "it has no address");
    size_t left = endpoints.size();
    for (const auto& entry : endpoints) {
      const auto now = std::chrono::steady_clock::now();
      if (now >= deadline) break;
      const bool last = --left == 0;
      outcome = co_await Try(entry.endpoint(), *tls,
                             last ? deadline : std::min(deadline, now + kAddressTimeout));
      if (outcome) break;
    }
    co_return outcome;
  }

 private:
  asio::awaitable<Result<std::shared_ptr<WebTransportClient>>> Try(
      udp::endpoint endpoint, std::shared_ptr<const QuicTlsContext> tls,
      std::chrono::steady_clock::time_point deadline) {
    struct Outcome {
      explicit Outcome(asio::io_context& io) : timer(io) {}
      asio::steady_timer timer;  // cancelled when there is a status
      std::optional<unsigned> status;
      std::shared_ptr<WebTransportConnection> connection;
    };
    const auto state = std::make_shared<Outcome>(io_);
    state->timer.expires_at(deadline);
    const auto on_ready = [weak = std::weak_ptr(state)](unsigned status) {
      const auto self = weak.lock();
      if (!self) return;
      self->status = status;
      self->timer.cancel();
    };
    auto quic = QuicClient::Connect(
        io_, endpoint, host_, std::move(tls), config_, [&](QuicConnection& connection) {
          state->connection = WebTransportConnection::Connect(io_, connection, request_, on_ready);
          return state->connection->quic_handler();
        });
    if (!quic) co_return std::unexpected(quic.error());
    error_code error;
    if (!state->status) co_await state->timer.async_wait(Into(error));
    if (!state->status) co_return Failed("connect", "it took too long");
    if (*state->status == 0) co_return Failed("connect", "the handshake failed");
    if (*state->status != 200) {
      co_return Failed("open a session", "the answer was " + std::to_string(*state->status));
    }
    std::shared_ptr<WebTransportClient> client(new WebTransportClient);
    client->connection_ = std::move(state->connection);
    client->quic_ = std::move(*quic);
    co_return client;
  }

  std::unexpected<Error> Failed(std::string_view step, const std::string& why) const {
    return Fail(ErrorCode::kNotFound, "cannot " + std::string(step) + " with " +
                                          request_.authority + " over WebTransport: " + why);
  }

  asio::io_context& io_;
  const std::string host_;
  const std::string port_;
  const QuicConfig config_;
  ConnectRequest request_;
};

asio::awaitable<void> WebTransportClient::Run(HandlerFactory make_handler) {
  const auto connection = connection_;
  asio::steady_timer ended(co_await asio::this_coro::executor, kNever);
  bool over = false;
  connection->Begin(make_handler, [&] {
    over = true;
    ended.cancel();
  });
  error_code error;
  if (!over) co_await ended.async_wait(Into(error));
}

asio::awaitable<Result<std::shared_ptr<WebTransportClient>>> ConnectWebTransport(
    asio::io_context& io, std::string host, uint16_t port, TlsOptions tls, std::string path,
    QuicConfig config) {
  WebTransportAttempt attempt(io, std::move(host), port, std::move(path), config);
  co_return co_await attempt.Run(std::move(tls));
}

}  // namespace ferry::net
