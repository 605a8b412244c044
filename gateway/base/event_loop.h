// An event loop that lets go of what waits on it while what that refers to is still there.
#pragma once

#include <exception>
#include <functional>
#include <string_view>

#include "net/asio.h"

namespace ferry::gateway {

class EventLoop : public boost::asio::io_context {
 public:
  // Run by as many threads.
  explicit EventLoop(int threads = 1) : boost::asio::io_context(threads) {}

  // Destroys every operation that waits, and with them the coroutines that are suspended in one:
  // their frames refer to connections and listeners, which therefore end after this call and before
  // the loop itself. When nobody runs it any more; it does not run again.
  void DropPending() { boost::asio::execution_context::shutdown(); }

  // run(), and on with it: what an operation throws ends that operation alone. `on_failure` hears
  // of it, on the thread that runs this.
  void RunContained(const std::function<void(std::string_view what)>& on_failure) {
    for (;;) {
      try {
        run();
        return;
      } catch (const std::exception& failure) {
        on_failure(failure.what());
      } catch (...) {
        on_failure("something that is no std::exception");
      }
    }
  }
};

}  // namespace ferry::gateway
