#include "gateway/http/plain_listener.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <array>
#include <deque>
#include <functional>
#include <sstream>

#include "gateway/http/router.h"
#include "gateway/testing/http_get.h"

namespace ferry::gateway {
namespace {

class PlainListenerTest : public ::testing::Test {
 protected:
  PlainListenerTest() {
    router.Add("GET", "/where", [](const HttpRequest&, const HttpContext& context) {
      return TextResponse(200, "text/plain", context.remote.to_string());
    });
  }
  Result<std::unique_ptr<PlainListener>> Start(const std::string& address, uint16_t port = 0) {
    return PlainListener::Start(threads, address, port, router, std::chrono::milliseconds(5000),
                                metrics, log);
  }
  testing::HttpReply Get(uint16_t port, const std::string& target) {
    testing::HttpReply reply;
    testing::HttpGet(io, port, target, {}, reply, "GET", {.tls = false});
    EXPECT_TRUE(Until([&] { return reply.done; }));
    return reply;
  }
  bool Until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io.restart();
      io.run_one_for(std::chrono::milliseconds(10));
    }
    return true;
  }

  asio::io_context io{1};
  std::ostringstream log_text;
  spdlog::logger log{"test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_text)};
  Metrics metrics;
  Router router;
  HttpThreads threads{log};
};

TEST_F(PlainListenerTest, AnswersWithoutTls) {
  auto listener = Start("127.0.0.1");
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_TRUE((*listener)->loopback());
  EXPECT_EQ((*listener)->address(), "127.0.0.1:" + std::to_string((*listener)->port()));
  EXPECT_EQ(Get((*listener)->port(), "/where").body, "127.0.0.1");
  EXPECT_EQ(Get((*listener)->port(), "/elsewhere").status, 404u);
}

// A connection that says nothing.
class Silent {
 public:
  explicit Silent(asio::io_context& io) : socket_(io, asio::ip::tcp::v4()) {}
  void Connect(uint16_t port) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    socket_.async_read_some(asio::buffer(byte_),
                            [this](const error_code&, size_t) { closed = true; });
  }
  bool closed = false;

 private:
  asio::ip::tcp::socket socket_;
  std::array<char, 1> byte_;
};

TEST_F(PlainListenerTest, TheIdlestGivesWayToTheNextAndIsCounted) {
  auto listener = Start("127.0.0.1");
  ASSERT_TRUE(listener) << listener.error().message;
  std::deque<Silent> silent;
  for (size_t i = 0; i < PlainListener::kMaxConnections; ++i) {
    silent.emplace_back(io).Connect((*listener)->port());
  }
  EXPECT_EQ(Get((*listener)->port(), "/where").status, 200u);
  EXPECT_TRUE(Until([&] { return silent.front().closed; }));
  EXPECT_EQ(metrics.http_connections_cut.value(), 1);
  EXPECT_FALSE(silent.back().closed);
}

TEST_F(PlainListenerTest, SaysWhyItCannotListen) {
  const auto no_address = Start("localhost");
  ASSERT_FALSE(no_address);
  EXPECT_NE(no_address.error().message.find("\"localhost\": not an address"), std::string::npos);
  auto first = Start("127.0.0.1");
  ASSERT_TRUE(first);
  const auto second = Start("127.0.0.1", (*first)->port());
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("cannot listen on " + (*first)->address()),
            std::string::npos)
      << second.error().message;
}

}  // namespace
}  // namespace ferry::gateway
