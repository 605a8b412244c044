#include "gateway/net/listener.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>

#include "gateway/testing/http_get.h"

namespace ferry::gateway {
namespace {

class ListenerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "ferry-listener-test-XXXXXX");
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory = name;
    auto opened = CertificateStore::Open({.directory = directory}, clock);
    ASSERT_TRUE(opened);
    certificates = std::move(*opened);
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  testing::HttpReply Get(uint16_t port, const std::string& target) {
    testing::HttpReply reply;
    testing::HttpGet(io, port, target, {}, reply);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!reply.done && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds(100));
    }
    EXPECT_TRUE(reply.done);
    return reply;
  }

  ListenerShared shared() { return {*certificates, addresses, origins}; }

  asio::io_context io{1};
  SystemClock clock;
  AddressLimits addresses{{}, clock};
  OriginPolicy origins;
  std::unique_ptr<CertificateStore> certificates;
  std::filesystem::path directory;
  std::ostringstream log_text;
  spdlog::logger log{"test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_text)};
  Metrics metrics;
};

TEST_F(ListenerTest, AnAnswerThatThrowsEndsItsConnectionAloneAndIsLogged) {
  const auto answer = [](const HttpRequest& request) {
    if (request.target() == "/bad") throw std::runtime_error("a \"disk\" is full");
    return TextResponse(200, "text/plain", "ok");
  };
  Listener listener(io, shared(), {}, answer, nullptr, metrics, log);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  EXPECT_EQ(Get(listener.port(), "/bad").status, 0u);
  EXPECT_NE(log_text.str().find(R"(event=connection-failed error="a \"disk\" is full")"),
            std::string::npos)
      << log_text.str();
  EXPECT_EQ(metrics.connections.value(), 0);
  EXPECT_EQ(Get(listener.port(), "/good").body, "ok");
  listener.Stop();  // touches every connection that is still listed
  io.restart();
  io.run_for(std::chrono::seconds(5));
  EXPECT_EQ(metrics.connections.value(), 0);
}

}  // namespace
}  // namespace ferry::gateway
