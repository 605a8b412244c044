// Closes a socket when what is awaited on it takes too long, which ends that with an error.
#pragma once

#include <chrono>
#include <memory>

#include "gateway/net/asio.h"

namespace ferry::gateway {

class SocketDeadline {
 public:
  // The socket outlives this.
  explicit SocketDeadline(asio::ip::tcp::socket& socket)
      : timer_(socket.get_executor()), armed_(std::make_shared<Armed>(&socket)) {}
  ~SocketDeadline() { armed_->socket = nullptr; }
  SocketDeadline(const SocketDeadline&) = delete;
  SocketDeadline& operator=(const SocketDeadline&) = delete;

  // From now on; replaces the deadline before.
  void ExpireAfter(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    // A timer that has gone off cannot be taken back: its handler sees by the number that it was
    // replaced.
    timer_.async_wait([armed = armed_, number = ++armed_->number](const error_code& error) {
      error_code ignored;
      if (!error && armed->socket != nullptr && armed->number == number) {
        armed->expired = true;
        armed->socket->close(ignored);
      }
    });
  }

  // No deadline from now on.
  void Cancel() {
    ++armed_->number;
    timer_.cancel();
  }

  // Whether it has closed the socket.
  bool expired() const { return armed_->expired; }

 private:
  struct Armed {
    explicit Armed(asio::ip::tcp::socket* one) : socket(one) {}
    asio::ip::tcp::socket* socket;
    int number = 0;
    bool expired = false;
  };
  asio::steady_timer timer_;
  std::shared_ptr<Armed> armed_;
};

}  // namespace ferry::gateway
