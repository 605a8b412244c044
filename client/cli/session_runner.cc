#include "client/cli/session_runner.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "client/printable.h"

namespace ferry::client {

namespace asio = boost::asio;

SessionRunner::SessionRunner(asio::io_context& io, Connector connector, Session& session,
                             std::vector<net::TransportKind> transports)
    : io_(io),
      connector_(std::move(connector)),
      session_(session),
      transports_(std::move(transports)) {}

asio::awaitable<Result<void>> SessionRunner::Run() {
  using Steady = std::chrono::steady_clock;
  asio::steady_timer timer(io_);
  std::chrono::milliseconds retry = kFirstRetry;
  auto without_since = Steady::now();
  bool ever_connected = false;
  for (size_t attempt = 0; !session_.ended(); ++attempt) {
    const net::TransportKind kind = transports_[attempt % transports_.size()];
    bool connected = false;
    const auto ended = co_await connector_.Run(kind, [&](net::Connection& connection) {
      connected = true;
      std::cerr << "connected by " << Name(kind) << std::endl;
      return session_.NewHandler(connection);
    });
    if (session_.ended()) break;
    if (connected) {
      ever_connected = true;
      retry = kFirstRetry;
      without_since = Steady::now();
    } else {
      std::cerr << Printable(ended.error().message) << std::endl;
      const bool all_tried = attempt + 1 >= transports_.size();
      if ((!ever_connected && all_tried) || Steady::now() - without_since > kGiveUp) {
        co_return std::unexpected(ended.error());
      }
    }
    timer.expires_after(retry);
    net::error_code ignored;
    co_await timer.async_wait(net::Into(ignored));
    retry = std::min(retry * 2, kLastRetry);
  }
  co_return Result<void>{};
}

}  // namespace ferry::client
