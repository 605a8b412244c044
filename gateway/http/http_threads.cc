#include "gateway/http/http_threads.h"

#include <spdlog/spdlog.h>

namespace ferry::gateway {

HttpThreads::HttpThreads(spdlog::logger& log) : log_(log), work_(asio::make_work_guard(io_)) {
  for (int i = 0; i < kThreads; ++i) {
    threads_.emplace_back(
        [this] { io_.RunContained([this](std::string_view what) { OnFailure(what); }); });
  }
}

HttpThreads::~HttpThreads() { Stop(); }

void HttpThreads::OnFailure(std::string_view what) {
  {
    const std::lock_guard lock(failures_);
    metrics_.failures.Add();
  }
  log_.critical("event=http-thread-failed error={:?}", what);
}

void HttpThreads::Stop() {
  if (threads_.empty()) return;
  io_.stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  io_.DropPending();
}

}  // namespace ferry::gateway
