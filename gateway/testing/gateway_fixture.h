// The whole gateway over real sockets: clients and server in one thread and one event loop.
#pragma once

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/testing/temporary_folder.h"
#include "gateway/app/gateway.h"
#include "gateway/auth/usersig.h"
#include "gateway/base/event_loop.h"
#include "gateway/testing/http_get.h"
#include "gateway/testing/test_client.h"

namespace ferry::gateway {

inline constexpr uint32_t kApp = 1'400'000'000;
inline constexpr const char* kSecret =
    "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
// Generous: sanitizers on a busy machine are slow, and nothing waits this long unless it is broken.
inline constexpr auto kDeadline = std::chrono::seconds(20);

inline int64_t UnixSeconds() { return SystemClock().UnixMs() / 1000; }

class GatewayTest : public ::testing::Test {
 protected:
  using Client = std::shared_ptr<testing::TestClient>;

  void SetUp() override {
    config.listen = "127.0.0.1";
    config.port = 0;
    config.admin_listen = "127.0.0.1:0";
    config.workers = 1;  // on the tests' own thread
    config.data_dir = directory / "data";
    config.demo_dir = directory / "demo";
    config.sdk_dir = directory / "sdk";
    std::filesystem::create_directories(config.data_dir);
    Write("demo/index.html", "<p>demo</p>");
    Write("sdk/trtc.wasm", "wasm");
    Write("outside.txt", "outside");
  }
  void TearDown() override {
    for (const auto& client : clients) client->Abort();
    if (gateway) {
      Shutdown();
      // What was cut off ends before the gateway does.
      EXPECT_TRUE(Until([&] { return gateway->Total(&Metrics::connections) == 0; }));
      io.poll();
    }
    gateway.reset();
  }
  void Write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories((directory / name).parent_path());
    std::ofstream(directory / name) << content;
  }

  // Logs into `log_text`, unless there is another sink.
  void Start(std::vector<Application> more = {}, spdlog::sink_ptr sink = nullptr) {
    more.push_back({kApp, "test", kSecret});
    StartWith(AppStore(std::move(more)), std::move(sink));
  }
  void StartWith(AppStore apps, spdlog::sink_ptr sink = nullptr) {
    if (!sink) sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(log_text);
    auto log = std::make_shared<spdlog::logger>("test", std::move(sink));
    log->set_level(spdlog::level::trace);
    gateway = std::make_unique<Gateway>(io, config, std::move(apps), log);
    const auto started = gateway->Start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void Shutdown() {
    gateway->Shutdown(stage, [this] { stopped = true; });
    EXPECT_TRUE(Until([&] { return stopped; }));
  }
  // Runs the loop until the condition holds; false at the deadline.
  bool Until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io.restart();
      io.run_one_for(std::chrono::milliseconds(100));
    }
    return true;
  }

  Client Connect(testing::TestClient::Options options = {}) {
    const Client client = options.transport == net::TransportKind::kWebTransport
                              ? testing::MakeWebTransportTestClient(io, gateway->port(), options)
                              : testing::MakeWebSocketTestClient(io, gateway->port(), options);
    clients.push_back(client);
    client->Start();
    EXPECT_TRUE(Until([&] { return client->open || client->failed; }));
    return client;
  }
  Client ConnectWebTransport() { return Connect({.transport = net::TransportKind::kWebTransport}); }
  static nlohmann::json JoinMessage(const std::string& user) {
    return {{"type", "join"},
            {"id", 1},
            {"version", 1},
            {"sdkAppId", kApp},
            {"userId", user},
            {"userSig", SignUserSig(kApp, kSecret, user, UnixSeconds(), 3600)},
            {"room", {{"kind", "string"}, {"id", "den"}}},
            {"scene", "rtc"},
            {"role", "anchor"}};
  }
  // Sends a request and waits for its answer.
  nlohmann::json Ask(const Client& client, nlohmann::json message) {
    const int id = next_id++;
    message["id"] = id;
    client->Send(message);
    EXPECT_TRUE(Until([&] { return client->Has({{"id", id}}) || client->closed; })) << message;
    return client->Find({{"id", id}});
  }
  Client Joined(const std::string& user, testing::TestClient::Options options = {}) {
    const Client client = Connect(options);
    if (options.read) {
      EXPECT_EQ(Ask(client, JoinMessage(user))["type"], "ok");
    } else {
      client->Send(JoinMessage(user));
    }
    return client;
  }
  nlohmann::json Publish(const Client& client, const std::string& kind) {
    return Ask(client, {{"type", "publish"},
                        {"kind", kind},
                        {"source", "main"},
                        {"codec", kind == "audio" ? "opus" : "vp8"},
                        {"muted", false}});
  }
  ::testing::AssertionResult ClosesWith(const Client& client, int code) {
    if (!Until([&] { return client->closed; }))
      return ::testing::AssertionFailure() << "stays open";
    if (client->close_code == code) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "closed with " << client->close_code;
  }

  testing::HttpReply Get(const std::string& target, std::map<std::string, std::string> headers = {},
                         const std::string& method = "GET", testing::HttpWay way = {}) {
    testing::HttpReply reply;
    const uint16_t port = way.tls ? gateway->port() : gateway->plain_port();
    testing::HttpGet(io, port, target, std::move(headers), reply, method, std::move(way));
    EXPECT_TRUE(Until([&] { return reply.done; }));
    return reply;
  }

  // What the gateway counts, as text.
  std::string MetricsText() {
    testing::HttpReply reply;
    const std::string address = gateway->admin_address();
    const auto port = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    testing::HttpGet(io, port, "/metrics", {}, reply, "GET", {.tls = false});
    EXPECT_TRUE(Until([&] { return reply.done; }));
    EXPECT_EQ(reply.status, 200u);
    return reply.body;
  }

  const TemporaryFolder folder;
  const std::filesystem::path directory = folder.path();
  EventLoop io;
  Config config;
  std::ostringstream log_text;
  std::unique_ptr<Gateway> gateway;
  std::vector<Client> clients;
  Gateway::ShutdownStage stage = Gateway::ShutdownStage::kClose;
  bool stopped = false;
  int next_id = 100;
};

}  // namespace ferry::gateway
