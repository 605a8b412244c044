#include "gateway/http/plain_listener.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

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
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!reply.done && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds(100));
    }
    EXPECT_TRUE(reply.done);
    return reply;
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
