#include "gateway/http/plain_listener.h"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <exception>
#include <utility>

#include "gateway/net/connection_budget.h"
#include "gateway/net/http_connection.h"

namespace ferry::gateway {
namespace {

using asio::ip::tcp;

constexpr auto kCloseTimeout = std::chrono::milliseconds(1000);

std::string Text(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
         std::to_string(endpoint.port());
}

}  // namespace

// Everything on one strand: it serves few.
class PlainListener::Server : public std::enable_shared_from_this<PlainListener::Server> {
 public:
  Server(HttpThreads& threads, HttpHandler& answers, std::chrono::milliseconds idle_timeout,
         Metrics& metrics, spdlog::logger& log)
      : strand_(asio::make_strand(threads.io())),
        acceptor_(strand_),
        answers_(answers),
        idle_timeout_(idle_timeout),
        metrics_(metrics),
        log_(log) {}

  Result<void> Listen(const tcp::endpoint& endpoint) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Fail(ErrorCode::kInvalidArgument,
                  "cannot listen on " + Text(endpoint) + ": " + error.message());
    }
    local_ = acceptor_.local_endpoint();
    Spawn([self = shared_from_this()] { return self->Accept(); });
    return {};
  }
  void Stop() {
    asio::post(strand_, [self = shared_from_this()] {
      error_code ignored;
      self->acceptor_.close(ignored);
    });
  }
  const tcp::endpoint& local() const { return local_; }

 private:
  template <typename Coroutine>
  void Spawn(Coroutine coroutine) {
    asio::co_spawn(
        strand_, std::move(coroutine),
        [self = shared_from_this()](const std::exception_ptr& thrown) { self->LogThrown(thrown); });
  }
  void LogThrown(const std::exception_ptr& thrown) {
    if (!thrown) return;
    metrics_.failures.Add();
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      log_.error("event=connection-failed error={:?}", error.what());
    }
  }

  asio::awaitable<void> Accept() {
    error_code error;
    while (acceptor_.is_open()) {
      tcp::socket socket = co_await acceptor_.async_accept(Into(error));
      if (error == asio::error::operation_aborted) co_return;
      if (error) {
        log_.warn("event=accept-failed error=\"{}\"", error.message());
        if (IsShortage(error)) budget_.CutOldest();
        asio::steady_timer pause(strand_, std::chrono::milliseconds(100));
        co_await pause.async_wait(Into(error));
        continue;
      }
      // What it throws would end the coroutine, and with it the accepting.
      try {
        Spawn([self = shared_from_this(), accepted = std::move(socket)]() mutable {
          return self->Serve(std::move(accepted));
        });
      } catch (const std::exception&) {
        LogThrown(std::current_exception());
      }
    }
  }

  asio::awaitable<void> Serve(tcp::socket socket) {
    const auto self = shared_from_this();
    error_code error;
    const asio::ip::address remote = socket.remote_endpoint(error).address();
    net::ByteStream stream(std::move(socket));
    ConnectionBudget::Place place(budget_, [&stream] {
      error_code ignored;
      stream.socket().close(ignored);
    });
    HttpConnection connection(stream, answers_, idle_timeout_, metrics_);
    for (bool again = true; again;) {
      place.Idle();
      auto request = co_await connection.Read();
      if (!request) break;
      place.Busy();
      HttpContext context{.remote = remote};
      HttpResponse answer = co_await connection.Ask(std::move(*request), std::move(context));
      again = co_await connection.Write(std::move(answer));
    }
    co_await connection.Close(kCloseTimeout);
  }

  const asio::strand<asio::io_context::executor_type> strand_;
  tcp::acceptor acceptor_;
  HttpHandler& answers_;
  const std::chrono::milliseconds idle_timeout_;
  Metrics& metrics_;
  spdlog::logger& log_;
  tcp::endpoint local_;
  ConnectionBudget budget_{kMaxConnections, metrics_.http_connections,
                           metrics_.http_connections_cut};
};

PlainListener::PlainListener(std::shared_ptr<Server> server) : server_(std::move(server)) {}

PlainListener::~PlainListener() { server_->Stop(); }

Result<std::unique_ptr<PlainListener>> PlainListener::Start(HttpThreads& threads,
                                                            const std::string& address,
                                                            uint16_t port, HttpHandler& answers,
                                                            std::chrono::milliseconds idle_timeout,
                                                            Metrics& metrics, spdlog::logger& log) {
  error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot listen on \"" + address + "\": not an address");
  }
  auto server = std::make_shared<Server>(threads, answers, idle_timeout, metrics, log);
  if (auto listening = server->Listen({ip, port}); !listening) {
    return std::unexpected(listening.error());
  }
  return std::unique_ptr<PlainListener>(new PlainListener(std::move(server)));
}

std::string PlainListener::address() const { return Text(server_->local()); }
uint16_t PlainListener::port() const { return server_->local().port(); }
bool PlainListener::loopback() const { return server_->local().address().is_loopback(); }

}  // namespace ferry::gateway
