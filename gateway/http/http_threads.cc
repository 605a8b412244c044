#include "gateway/http/http_threads.h"

namespace ferry::gateway {

HttpThreads::HttpThreads() : work_(asio::make_work_guard(io_)) {
  for (size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { io_.run(); });
}

HttpThreads::~HttpThreads() { Stop(); }

void HttpThreads::Stop() {
  if (threads_.empty()) return;
  io_.stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  io_.DropPending();
}

}  // namespace ferry::gateway
