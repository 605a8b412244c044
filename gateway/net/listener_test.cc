#include "gateway/net/listener.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>

#include "gateway/testing/http_get.h"
#include "net/websocket/websocket_client.h"

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
    EXPECT_TRUE(Until([&] { return reply.done; }));
    return reply;
  }
  // Why the WebSocket at another path than the gateway's cannot be opened.
  std::string ConnectPinned(uint16_t port, const net::CertificateHash& hash) {
    std::string refusal;
    const auto connect = [&]() -> asio::awaitable<void> {
      net::TlsOptions tls;
      tls.pinned = {hash};
      const auto connected = co_await net::ConnectWebSocket(io, "127.0.0.1", port, tls, "/other");
      refusal = connected ? "connected" : connected.error().message;
    };
    asio::co_spawn(io, connect, asio::detached);
    EXPECT_TRUE(Until([&] { return !refusal.empty(); }));
    return refusal;
  }
  bool Until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io.restart();
      io.run_one_for(std::chrono::milliseconds(100));
    }
    return true;
  }
  // To the end of everything.
  void Run() {
    io.restart();
    io.run_for(std::chrono::seconds(5));
    EXPECT_TRUE(io.stopped());
  }

  ListenerShared shared() { return {*certificates, addresses, origins, proxies}; }

  asio::io_context io{1};
  SystemClock clock;
  AddressLimits addresses{{}, clock};
  OriginPolicy origins;
  ProxyPolicy proxies;
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
  Run();
  EXPECT_EQ(metrics.connections.value(), 0);
}

TEST_F(ListenerTest, ListenersOfSeveralWorkersShareThePort) {
  const auto answer = [](const HttpRequest&) { return TextResponse(200, "text/plain", "ok"); };
  Metrics other_metrics;
  Listener first(io, shared(), {}, answer, nullptr, metrics, log);
  Listener second(io, shared(), {}, answer, nullptr, other_metrics, log);
  ASSERT_TRUE(first.Start("127.0.0.1", 0));
  ASSERT_TRUE(second.Start("127.0.0.1", first.port()));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(Get(first.port(), "/").status, 200u);
  EXPECT_GT(metrics.connections_total.value(), 0);
  EXPECT_GT(other_metrics.connections_total.value(), 0);
  EXPECT_EQ(metrics.connections_total.value() + other_metrics.connections_total.value(), 40);
  first.Stop();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Get(second.port(), "/").status, 200u);
  second.Stop();
  Run();
}

TEST_F(ListenerTest, AHandshakeThatDoesNotComeIsCutOffAndHoldsItsPlaceUntilThen) {
  AddressLimits narrow({.max_half_open_per_address = 1}, clock);
  ListenerLimits limits;
  limits.handshake_timeout = std::chrono::milliseconds(200);
  const auto answer = [](const HttpRequest&) { return TextResponse(200, "text/plain", "ok"); };
  Listener listener(io, {*certificates, narrow, origins, proxies}, limits, answer, nullptr, metrics,
                    log);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  asio::ip::tcp::socket silent(io);
  silent.connect({asio::ip::address_v4::loopback(), listener.port()});
  ASSERT_TRUE(Until([&] { return metrics.connections.value() == 1; }));
  EXPECT_EQ(Get(listener.port(), "/").status, 0u);
  EXPECT_EQ(narrow.refused(RefusedBecause::kAddressHalfOpen), 1);
  ASSERT_TRUE(Until([&] { return metrics.connections.value() == 0; }));
  EXPECT_EQ(metrics.tls_failures.value(), 1);
  EXPECT_EQ(Get(listener.port(), "/").status, 200u);
  listener.Stop();
  Run();
}

TEST_F(ListenerTest, AnExchangedCertificateIsShownToNewConnections) {
  const auto write = [this](const PemPair& pair) {
    std::ofstream(directory / "chain.pem") << pair.certificate_chain;
    std::ofstream(directory / "key.pem") << pair.private_key;
  };
  write(MakeSelfSigned({}, clock.UnixMs() / 1000).value());
  certificates =
      CertificateStore::Open(
          {.certificate = directory / "chain.pem", .private_key = directory / "key.pem"}, clock)
          .value();
  const auto old_hash = certificates->current()->facts.hash;
  const auto answer = [](const HttpRequest&) { return TextResponse(404, "text/plain", "no"); };
  Listener listener(io, shared(), {}, answer, nullptr, metrics, log);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  EXPECT_NE(ConnectPinned(listener.port(), old_hash).find("HTTP 404"), std::string::npos);
  write(MakeSelfSigned({}, clock.UnixMs() / 1000).value());
  ASSERT_TRUE(certificates->Reload().value());
  EXPECT_NE(ConnectPinned(listener.port(), old_hash).find("pinned"), std::string::npos);
  EXPECT_NE(ConnectPinned(listener.port(), certificates->current()->facts.hash).find("HTTP 404"),
            std::string::npos);
  listener.Stop();
  Run();
}

}  // namespace
}  // namespace ferry::gateway
