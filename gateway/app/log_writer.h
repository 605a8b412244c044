// The log's way out: lines wait in memory and a thread of their own writes them, because whoever
// reads standard error may stop reading, and a worker must not wait for him. When too many wait,
// the oldest are dropped, counted, and said in their place.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>

#include "gateway/base/metrics.h"

namespace ferry::gateway {

class LogWriter final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // About a megabyte, and some seconds of a busy gateway.
  static constexpr size_t kMaxLines = 8192;

  // Writes to `file`, a descriptor that stays open.
  explicit LogWriter(int file);
  // Waits for what is left to be written, kLastWords at most: then nobody reads any more, and the
  // thread is left to the program's end.
  ~LogWriter() override;
  static constexpr auto kLastWords = std::chrono::milliseconds(1000);

  // The lines dropped, or not written to their end. From any thread.
  const Metrics& metrics() const;

 private:
  struct Queue;
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

  const std::shared_ptr<Queue> queue_;
};

}  // namespace ferry::gateway
