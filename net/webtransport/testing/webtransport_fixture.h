// A listener and its clients over loopback, for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/asio.h"
#include "net/quic/testing/quic_peer.h"
#include "net/webtransport/webtransport_client.h"
#include "net/webtransport/webtransport_listener.h"

namespace ferry::net::testing {

// One end's story; outlives the end.
struct EndLog {
  Connection* connection = nullptr;  // null when it has ended
  std::vector<std::string> control;
  std::vector<std::string> media;
  struct Frame {
    bool control;
    std::string bytes;
  };
  std::deque<Frame> to_send;
  size_t pulled = 0;
  bool closing = false;
  std::optional<ConnectionEnd> end;

  void Send(bool control_message, std::string bytes) {
    to_send.push_back({control_message, std::move(bytes)});
    if (connection != nullptr) connection->Wake();
  }
  void Close(uint16_t code, std::string_view reason) {
    closing = true;
    connection->Close(code, reason);
  }
};

class EndHandler final : public ConnectionHandler {
 public:
  EndHandler(Connection& connection, std::shared_ptr<EndLog> log, bool echo)
      : log_(std::move(log)), echo_(echo) {
    log_->connection = &connection;
  }
  void OnControl(std::string_view message) override {
    log_->control.emplace_back(message);
    if (echo_) log_->Send(true, std::string(message));
  }
  void OnMedia(ByteSpan packet) override {
    log_->media.emplace_back(packet.begin(), packet.end());
    if (echo_ && log_->media.back() == "throw") throw std::runtime_error("asked to");
    if (echo_) log_->Send(false, log_->media.back());
  }
  bool NextFrame(OutgoingFrame& frame) override {
    while (!log_->to_send.empty()) {
      sending_ = std::move(log_->to_send.front());
      log_->to_send.pop_front();
      if (log_->closing && !sending_.control) continue;
      ++log_->pulled;
      if (echo_ && sending_.bytes == "throw at writing") throw std::runtime_error("asked to");
      frame.control = sending_.control;
      frame.bytes = {reinterpret_cast<const uint8_t*>(sending_.bytes.data()),
                     sending_.bytes.size()};
      return true;
    }
    return false;
  }
  void OnClosed(const ConnectionEnd& end) override {
    log_->end = end;
    log_->connection = nullptr;
  }

 private:
  const std::shared_ptr<EndLog> log_;
  const bool echo_;
  EndLog::Frame sending_;
};

class WebTransportTest : public ::testing::Test {
 protected:
  struct Client {
    std::shared_ptr<WebTransportClient> client;
    std::shared_ptr<EndLog> log = std::make_shared<EndLog>();
    std::string error;
    bool done = false;     // connecting
    bool running = false;  // after it

    EndLog* operator->() const { return log.get(); }
  };

  void TearDown() override {
    for (const auto& client : clients) {
      if (client->log->connection != nullptr) client->log->connection->Abort();
    }
    EXPECT_TRUE(Until([&] {
      return std::ranges::none_of(clients, [](auto& c) { return c->running || !c->done; });
    }));
  }

  WebTransportListenerSetup MakeSetup() {
    WebTransportListenerSetup setup;
    setup.quic.local = {asio::ip::make_address("127.0.0.1"), 0};
    setup.quic.secret = {9};
    setup.quic.tls = tls;
    return setup;
  }
  void Start() { Start(MakeSetup()); }
  void Start(WebTransportListenerSetup setup) {
    auto started = WebTransportListener::Start(
        io, std::move(setup),
        [this](Connection& connection) {
          sessions.push_back(std::make_shared<EndLog>());
          return std::make_unique<EndHandler>(connection, sessions.back(), echo);
        },
        counters);
    ASSERT_TRUE(started) << started.error().message;
    listener = std::move(*started);
  }
  TlsOptions Pinned() const {
    TlsOptions options;
    options.pinned = {certificate.hash};
    return options;
  }
  std::shared_ptr<Client> Begin(TlsOptions options, std::string path) {
    auto made = std::make_shared<Client>();
    clients.push_back(made);
    asio::co_spawn(io, Live(made, std::move(options), std::move(path)), asio::detached);
    return made;
  }
  // No lambda and no temporaries among the arguments of what it awaits: GCC 12 destroys such twice.
  asio::awaitable<void> Live(std::shared_ptr<Client> self, TlsOptions options, std::string path) {
    std::string host = "127.0.0.1";
    QuicConfig config;
    auto connected = co_await ConnectWebTransport(io, std::move(host), listener->port(),
                                                  std::move(options), std::move(path), config);
    self->done = true;
    if (!connected) {
      self->error = connected.error().message;
      co_return;
    }
    self->client = std::move(*connected);
    self->running = true;
    HandlerFactory make_handler = [log = self->log](Connection& connection) {
      return std::make_unique<EndHandler>(connection, log, false);
    };
    co_await self->client->Run(std::move(make_handler));
    self->running = false;
  }
  std::shared_ptr<Client> Connect() { return Connect(Pinned()); }
  std::shared_ptr<Client> Connect(TlsOptions options, std::string path = "/rtc/v1") {
    auto made = Begin(std::move(options), std::move(path));
    EXPECT_TRUE(Until([&] { return made->done && (!made->client || made->log->connection); }));
    return made;
  }
  template <typename Done>
  bool Until(Done done) {
    return RunUntil(io, done);
  }
  bool EchoesMedia(Client& client, const std::string& text) {
    const size_t before = client->media.size();
    client->Send(false, text);
    return Until([&] { return client->media.size() > before; }) && client->media.back() == text;
  }
  bool EchoesControl(Client& client, const std::string& text) {
    const size_t before = client->control.size();
    client->Send(true, text);
    return Until([&] { return client->control.size() > before; }) && client->control.back() == text;
  }

  asio::io_context io{1};
  TestCertificate certificate = MakeTestCertificate();
  std::shared_ptr<QuicTlsSource> tls = std::make_shared<QuicTlsSource>(ServerContext(certificate));
  QuicCounters counters;
  bool echo = true;
  std::vector<std::shared_ptr<Client>> clients;
  std::vector<std::shared_ptr<EndLog>> sessions;
  std::unique_ptr<WebTransportListener> listener;
};

}  // namespace ferry::net::testing
