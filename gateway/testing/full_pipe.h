// A pipe that nobody reads, for tests of who writes to one.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::gateway::testing {

class FullPipe {
 public:
  FullPipe() {
    EXPECT_EQ(pipe(ends_.data()), 0);
    fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    const std::string filling(4096, '.');
    while (write(ends_[1], filling.data(), filling.size()) > 0) {
    }
    while (write(ends_[1], filling.data(), 1) > 0) {
    }
    fcntl(ends_[1], F_SETFL, 0);
  }
  ~FullPipe() {
    close(ends_[1]);
    if (ends_[0] >= 0) close(ends_[0]);
  }
  FullPipe(const FullPipe&) = delete;
  FullPipe& operator=(const FullPipe&) = delete;

  int writer() const { return ends_[1]; }
  // Who writes to it fails from now on rather than waits.
  void SetNonBlocking() const { fcntl(ends_[1], F_SETFL, O_NONBLOCK); }
  // Nobody will ever read it.
  void CloseReader() { close(std::exchange(ends_[0], -1)); }
  // What is written until `last` has come, which it must; what filled it comes first.
  std::string ReadToEndOf(std::string_view last) {
    std::string text;
    std::array<char, 4096> some;
    ssize_t size = 0;
    constexpr int kDeadlineMs = 20'000;
    while (text.find(last) == text.npos) {
      pollfd more{.fd = ends_[0], .events = POLLIN, .revents = 0};
      if (poll(&more, 1, kDeadlineMs) <= 0) {
        ADD_FAILURE() << "nothing more is written";
        break;
      }
      if ((size = read(ends_[0], some.data(), some.size())) <= 0) break;
      text.append(some.data(), static_cast<size_t>(size));
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

}  // namespace ferry::gateway::testing
