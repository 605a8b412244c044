// Both ends of QUIC connections over loopback, for tests.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/quic/quic_client.h"
#include "net/quic/quic_server.h"
#include "net/testing/certificate.h"

namespace ferry::net::testing {

// Runs `io` until `done`, and says whether that came to be.
template <typename Done>
bool RunUntil(boost::asio::io_context& io, Done done,
              std::chrono::seconds limit = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(100));
  }
  return true;
}

inline std::shared_ptr<const QuicTlsContext> ServerContext(const TestCertificate& certificate) {
  return QuicTlsContext::Server(certificate.certificate, certificate.private_key).value();
}
// A client's that trusts the certificate and no other.
inline std::shared_ptr<const QuicTlsContext> PinnedContext(const TestCertificate& certificate) {
  TlsOptions options;
  options.pinned = {certificate.hash};
  return QuicTlsContext::Client(options).value();
}

// What happened to one end of a connection; outlives it.
struct PeerLog {
  QuicConnection* connection = nullptr;  // null when it has ended
  bool ready = false;
  bool credit = false;
  std::map<int64_t, std::string> received;
  std::map<int64_t, bool> finished;
  std::map<int64_t, uint64_t> resets;
  std::map<int64_t, uint64_t> stops;
  size_t streams_closed = 0;
  size_t writable = 0;
  std::vector<std::string> datagrams;
  std::deque<std::string> to_send;  // datagrams
  std::optional<ConnectionEnd> end;

  void Send(std::string datagram) {
    to_send.push_back(std::move(datagram));
    if (connection != nullptr) connection->SetDatagramSource(true);
  }
  bool Write(int64_t stream, std::string_view text, bool fin = false) const {
    return connection->Write(stream, {reinterpret_cast<const uint8_t*>(text.data()), text.size()},
                             fin);
  }
};

// Notes everything; the server's also sends everything back.
class QuicPeer final : public QuicSessionHandler {
 public:
  QuicPeer(QuicConnection& connection, std::shared_ptr<PeerLog> log, bool echo)
      : connection_(connection), log_(std::move(log)), echo_(echo) {
    log_->connection = &connection;
  }

  void OnHandshakeDone() override { log_->ready = true; }
  void OnStreamData(int64_t stream, ByteSpan bytes, bool fin) override {
    log_->received[stream].append(bytes.begin(), bytes.end());
    log_->finished[stream] = fin;
    connection_.Consumed(stream, bytes.size());
    if (echo_ && stream % 4 == 0) connection_.Write(stream, bytes, fin);
  }
  void OnStreamReset(int64_t stream, uint64_t code) override { log_->resets[stream] = code; }
  void OnStopSending(int64_t stream, uint64_t code) override { log_->stops[stream] = code; }
  void OnStreamClosed(int64_t) override { ++log_->streams_closed; }
  void OnStreamCredit() override { log_->credit = true; }
  void OnStreamWritable(int64_t) override { ++log_->writable; }
  void OnDatagram(ByteSpan bytes) override {
    log_->datagrams.emplace_back(bytes.begin(), bytes.end());
    if (echo_) log_->Send(log_->datagrams.back());
  }
  bool NextDatagram(std::array<ByteSpan, 2>& parts) override {
    if (log_->to_send.empty()) return false;
    sending_ = std::move(log_->to_send.front());
    log_->to_send.pop_front();
    const ByteSpan all(reinterpret_cast<const uint8_t*>(sending_.data()), sending_.size());
    const size_t prefix = std::min<size_t>(1, all.size());
    parts = {all.first(prefix), all.subspan(prefix)};
    return true;
  }
  void OnClosed(const ConnectionEnd& end) override {
    log_->end = end;
    log_->connection = nullptr;
  }

 private:
  QuicConnection& connection_;
  const std::shared_ptr<PeerLog> log_;
  const bool echo_;
  std::string sending_;
};

class QuicTest : public ::testing::Test {
 protected:
  struct Client {
    std::unique_ptr<QuicClient> client;
    std::shared_ptr<PeerLog> log = std::make_shared<PeerLog>();

    PeerLog* operator->() const { return log.get(); }
  };

  void StartServer(QuicConfig config = {}, AddressGate* gate = nullptr) {
    QuicServerSetup setup;
    setup.local = {boost::asio::ip::make_address(listen), server ? server->port() : port};
    setup.config = config;
    setup.secret = secret;
    setup.tls = tls;
    setup.gate = gate;
    server.reset();
    auto started = QuicServer::Start(
        io, setup,
        [this](QuicConnection& connection) {
          sessions.push_back(std::make_shared<PeerLog>());
          return std::make_shared<QuicPeer>(connection, sessions.back(), true);
        },
        counters);
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
    port = server->port();
  }
  Client Connect(QuicConfig config = {}, std::shared_ptr<const QuicTlsContext> client_tls = {}) {
    Client made;
    if (!client_tls) client_tls = PinnedContext(certificate);
    auto begun =
        QuicClient::Connect(io, {boost::asio::ip::make_address(address), port}, "127.0.0.1",
                            client_tls, config, [log = made.log](QuicConnection& connection) {
                              return std::make_shared<QuicPeer>(connection, log, false);
                            });
    EXPECT_TRUE(begun);
    made.client = std::move(*begun);
    return made;
  }
  Client ConnectReady(QuicConfig config = {}) {
    Client made = Connect(config);
    EXPECT_TRUE(Until([&] { return made->ready; }));
    return made;
  }
  template <typename Done>
  bool Until(Done done) {
    return RunUntil(io, done);
  }
  // Whether a round trip of a datagram works.
  bool Echoes(Client& client, const std::string& text) {
    const size_t before = client->datagrams.size();
    client->Send(text);
    return Until([&] { return client->datagrams.size() > before; }) &&
           client->datagrams.back() == text;
  }

  boost::asio::io_context io{1};
  TestCertificate certificate = MakeTestCertificate();
  std::shared_ptr<QuicTlsSource> tls = std::make_shared<QuicTlsSource>(ServerContext(certificate));
  QuicSecret secret{1, 2, 3};
  QuicCounters counters;
  std::string listen = "127.0.0.1";
  std::string address = "127.0.0.1";  // that clients connect to
  uint16_t port = 0;
  std::vector<std::shared_ptr<PeerLog>> sessions;
  std::unique_ptr<QuicServer> server;
};

}  // namespace ferry::net::testing
