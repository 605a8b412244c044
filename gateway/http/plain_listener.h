// HTTP without TLS for this host's own: what is not meant for everybody on the gateway's port.
// Lives on the threads that answer, beside the workers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "gateway/base/metrics.h"
#include "gateway/http/http_threads.h"
#include "gateway/net/http.h"

namespace spdlog {
class logger;
}

namespace ferry::gateway {

class PlainListener {
 public:
  // A scraper has one connection, a person some; the idlest gives way to the next.
  static constexpr size_t kMaxConnections = 64;

  // At an IP; port 0 takes a free one. What it serves refers to `answers`, `metrics` and `log`
  // until the threads have stopped; `metrics` are its own.
  static Result<std::unique_ptr<PlainListener>> Start(HttpThreads& threads,
                                                      const std::string& address, uint16_t port,
                                                      HttpHandler& answers,
                                                      std::chrono::milliseconds idle_timeout,
                                                      Metrics& metrics, spdlog::logger& log);
  ~PlainListener();

  // "127.0.0.1:8444".
  std::string address() const;
  uint16_t port() const;
  bool loopback() const;

 private:
  class Server;
  explicit PlainListener(std::shared_ptr<Server> server);
  const std::shared_ptr<Server> server_;
};

}  // namespace ferry::gateway
