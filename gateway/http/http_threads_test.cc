#include "gateway/http/http_threads.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <future>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "gateway/net/http.h"

namespace ferry::gateway {
namespace {

class HttpThreadsTest : public ::testing::Test {
 protected:
  std::ostringstream log_text;
  spdlog::logger log{"test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_text)};
  HttpThreads threads{log};
};

TEST_F(HttpThreadsTest, WhatThrowsEndsAloneAndIsCountedAndLogged) {
  // More than there are threads.
  constexpr int kThrows = 2 * HttpThreads::kThreads;
  for (int i = 0; i < kThrows; ++i) {
    threads.Post([] { throw std::runtime_error("a \"disk\" is full"); });
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (threads.metrics().failures.value() < kThrows) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
  threads.Stop();
  EXPECT_EQ(threads.metrics().failures.value(), kThrows);
  EXPECT_NE(log_text.str().find(R"(event=http-thread-failed error="a \"disk\" is full")"),
            std::string::npos)
      << log_text.str();
}

TEST_F(HttpThreadsTest, AnAnswerThatCannotBeDeliveredEndsNothing) {
  {
    const HttpDone forgotten([](const HttpResponse&) { throw std::runtime_error("no memory"); });
  }
  std::promise<void> next;
  threads.Post([&next] { next.set_value(); });
  next.get_future().wait();
}

}  // namespace
}  // namespace ferry::gateway
