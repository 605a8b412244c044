// Hands the requests that come in on the workers' threads over to those that answer, as many as
// there is time for.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>

#include "gateway/base/metrics.h"
#include "gateway/http/http_threads.h"
#include "gateway/net/http.h"

namespace spdlog {
class logger;
}

namespace ferry::gateway {

class HttpDispatcher final : public HttpHandler {
 public:
  // Requests that are being answered or wait for it; more are told to come back (503). At a tenth
  // of a millisecond each that is a wait of some 10 ms.
  static constexpr size_t kMaxInFlight = 256;

  // All outlive it. Handlers run on `threads`; what one throws is logged and answered with 500.
  HttpDispatcher(HttpThreads& threads, HttpHandler& answers, spdlog::logger& log);

  size_t MaxBody(const HttpRequestHeader& header) const override {
    return answers_.MaxBody(header);
  }
  void Handle(HttpRequest request, HttpContext context, HttpDone done) override;

  // What was refused here, and what handlers threw.
  const Metrics& metrics() const { return metrics_; }

 private:
  void Run(HttpRequest request, HttpContext context, const HttpDone& done);
  void CountUp(Count Metrics::*count);

  HttpThreads& threads_;
  HttpHandler& answers_;
  spdlog::logger& log_;
  std::atomic<size_t> in_flight_{0};
  std::mutex counting_;  // Count has one writer at a time
  Metrics metrics_;
};

}  // namespace ferry::gateway
