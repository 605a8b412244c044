#include "gateway/app/log_writer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace ferry::gateway {

// Shared with the thread, which may outlive the writer.
struct LogWriter::Queue {
  explicit Queue(int one) : file(one) {}

  const int file;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> lines;
  Metrics metrics;
  int64_t dropped_unsaid = 0;
  bool writing = false;
  bool ending = false;

  void Add(std::string line) {
    {
      const std::lock_guard lock(mutex);
      if (lines.size() >= kMaxLines) {
        lines.pop_front();
        metrics.log_lines_dropped.Add();
        ++dropped_unsaid;
      }
      lines.push_back(std::move(line));
    }
    changed.notify_all();
  }

  void Run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return !lines.empty() || ending; });
      if (lines.empty()) return;
      std::string text;
      if (const int64_t count = std::exchange(dropped_unsaid, 0); count > 0) {
        text = "event=log-lines-dropped lines=" + std::to_string(count) +
               " why=\"nobody has read the log for too long\"\n";
      }
      text += lines.front();
      lines.pop_front();
      writing = true;
      lock.unlock();
      const bool written = Write(text);
      lock.lock();
      if (!written) {
        metrics.log_lines_dropped.Add();
        ++dropped_unsaid;
      }
      writing = false;
      changed.notify_all();
    }
  }

  // False: it could not be written to its end, which is nothing that could be told anywhere else.
  bool Write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = write(file, text.data(), text.size());
      if (written > 0) text.remove_prefix(static_cast<size_t>(written));
      if (written >= 0 || errno == EINTR) continue;
      if (errno != EAGAIN) return false;
      // Whoever shares it has made it non-blocking: waited for as if he had not. What waits
      // meanwhile is bounded by kMaxLines.
      pollfd room{.fd = file, .events = POLLOUT, .revents = 0};
      poll(&room, 1, -1);
    }
    return true;
  }
};

LogWriter::LogWriter(int file) : queue_(std::make_shared<Queue>(file)) {
  std::thread([queue = queue_] { queue->Run(); }).detach();
}

LogWriter::~LogWriter() {
  std::unique_lock lock(queue_->mutex);
  queue_->ending = true;
  queue_->changed.notify_all();
  queue_->changed.wait_for(lock, kLastWords,
                           [this] { return queue_->lines.empty() && !queue_->writing; });
}

const Metrics& LogWriter::metrics() const { return queue_->metrics; }

void LogWriter::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t text;
  formatter_->format(message, text);
  queue_->Add(std::string(text.data(), text.size()));
}

}  // namespace ferry::gateway
