// Where requests are answered: threads of their own, so that what an answer takes (a file read, a
// text made, a disk that is slow) never keeps a worker from its media.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/base/event_loop.h"
#include "gateway/base/metrics.h"
#include "gateway/net/asio.h"

namespace spdlog {
class logger;
}

namespace ferry::gateway {

class HttpThreads {
 public:
  // Requests are short, and their TLS is the workers' matter.
  static constexpr int kThreads = 2;

  // What is run here and throws ends alone, counted and logged in `log`, which outlives this.
  explicit HttpThreads(spdlog::logger& log);
  ~HttpThreads();
  HttpThreads(const HttpThreads&) = delete;
  HttpThreads& operator=(const HttpThreads&) = delete;

  asio::io_context& io() { return io_; }
  // On one of them, soon; nowhere when they have stopped. From a thread that is not at work any
  // more when they stop, or that stops them.
  template <typename Task>
  void Post(Task task) {
    if (!threads_.empty()) asio::post(io_, std::move(task));
  }
  // Ends the threads and destroys what waits on them. To be called while all that this refers to is
  // there: listeners, and the workers whose requests are being answered.
  void Stop();

  // Something that runs here threw: a bug, which ends nothing else. From any thread.
  void OnFailure(std::string_view what);
  // Those failures.
  const Metrics& metrics() const { return metrics_; }

 private:
  spdlog::logger& log_;
  std::mutex failures_;  // Count has one writer at a time
  Metrics metrics_;
  EventLoop io_{kThreads};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

}  // namespace ferry::gateway
