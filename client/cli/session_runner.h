// Keeps one session connected: connects, and again after a loss, until it has ended.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/session.h"
#include "client/transport/connector.h"

namespace ferry::client {

class SessionRunner {
 public:
  // Between two attempts, doubled from the one to the other.
  static constexpr auto kFirstRetry = std::chrono::milliseconds(200);
  static constexpr auto kLastRetry = std::chrono::milliseconds(5000);
  // Without a connection for so long, it is given up.
  static constexpr auto kGiveUp = std::chrono::seconds(60);

  // `transports` are tried in their order, and again.
  SessionRunner(boost::asio::io_context& io, Connector connector, Session& session,
                std::vector<net::TransportKind> transports);

  // Ends with the session, or with an error when no connection is to be had. Says on standard error
  // what it does.
  boost::asio::awaitable<Result<void>> Run();

 private:
  boost::asio::io_context& io_;
  Connector connector_;
  Session& session_;
  const std::vector<net::TransportKind> transports_;
};

}  // namespace ferry::client
