#include "net/quic/quic_server.h"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <random>
#include <thread>

#include "net/quic/testing/quic_peer.h"

namespace ferry::net::testing {
namespace {

using boost::asio::ip::udp;

// Of one address, and one connection at a time of it as long as it is `open`.
struct Gate final : AddressGate {
  bool Admit(const boost::asio::ip::address& address) override {
    EXPECT_EQ(address.to_string(), "127.0.0.1");
    if (!open || inside >= limit) return false;
    ++inside;
    ++admitted;
    return true;
  }
  void Release(const boost::asio::ip::address&) override { --inside; }
  bool WouldAdmit(const boost::asio::ip::address&) override { return forged || open; }
  bool open = true;
  bool forged = false;  // answers as for an address that nothing is known of
  int limit = 100;
  int inside = 0;
  int admitted = 0;
};

class QuicServerTest : public QuicTest {
 protected:
  void TearDown() override { server.reset(); }
  // A good first packet of a client that answers nothing.
  std::string RecordInitial() {
    udp::socket listener = Raw();
    const uint16_t real = std::exchange(port, listener.local_endpoint().port());
    Client client = Connect();
    std::string initial = ReceiveRaw(listener);
    port = real;
    return initial;
  }
  // A socket that speaks no QUIC by itself.
  udp::socket Raw() {
    udp::socket raw(io, udp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0));
    raw.non_blocking(true);
    return raw;
  }
  void SendRaw(udp::socket& raw, const std::string& bytes) const {
    raw.send_to(boost::asio::buffer(bytes), {boost::asio::ip::make_address("127.0.0.1"), port});
  }
  // The next packet, when one comes.
  std::string ReceiveRaw(udp::socket& raw) {
    std::array<char, 2000> buffer{};
    size_t size = 0;
    EXPECT_TRUE(Until([&] {
      boost::system::error_code error;
      size = raw.receive(boost::asio::buffer(buffer), 0, error);
      return !error;
    }));
    return {buffer.data(), size};
  }

  Gate gate;
};

TEST_F(QuicServerTest, AsksForARetryOnceTooManyHandshakesAreHalfOpen) {
  QuicConfig config;
  config.retry_threshold = 0;
  StartServer(config);
  Client client = ConnectReady();
  EXPECT_TRUE(Echoes(client, "x"));
  EXPECT_GE(counters.retries.value(), 1u);  // one for each packet of its first flight
  EXPECT_EQ(counters.handshakes.value(), 1u);
}

TEST_F(QuicServerTest, AnswersFromTheAddressThatTheClientHasSentTo) {
  listen = "0.0.0.0";
  address = "127.0.0.2";  // where the kernel alone would answer from 127.0.0.1
  QuicConfig config;
  config.retry_threshold = 0;
  StartServer(config);
  Client client = ConnectReady();
  EXPECT_GE(counters.retries.value(), 1u) << "a packet beside all connections";
  ASSERT_TRUE(Echoes(client, "x"));
  // Both families by one socket.
  listen = "::";
  server.reset();
  port = 0;
  StartServer(config);
  Client mapped = ConnectReady();
  ASSERT_TRUE(Echoes(mapped, "y"));
  EXPECT_EQ(sessions.back()->connection->remote_address(), "127.0.0.1");
  if (server->endpoint().local_address().any.sa_family != AF_INET6) return;  // no IPv6 here
  address = "::1";
  Client v6 = ConnectReady();
  EXPECT_TRUE(Echoes(v6, "z"));
}

TEST_F(QuicServerTest, TellsTheClientOfALostConnectionAfterARestart) {
  StartServer();
  Client client = ConnectReady();
  ASSERT_TRUE(Echoes(client, "x"));
  server.reset();
  StartServer();
  client->Send("is anybody there?");
  ASSERT_TRUE(Until([&] { return client->end.has_value(); }));
  EXPECT_FALSE(client->end->clean);
  EXPECT_GE(counters.resets.value(), 1u);
}

TEST_F(QuicServerTest, AnswersUnmatchedPacketsNoOftenerThanItsLimit) {
  StartServer();
  udp::socket raw = Raw();
  for (int i = 0; i < 2000; ++i) SendRaw(raw, "\x40" + std::string(60, static_cast<char>(i)));
  ASSERT_TRUE(Until([&] { return counters.packets_unknown.value() == 2000; }));
  EXPECT_GE(counters.resets.value(), 1u);
  EXPECT_LT(counters.resets.value(), 600u);
}

TEST_F(QuicServerTest, NamesItsVersionsToAClientOfAnother) {
  StartServer();
  udp::socket raw = Raw();
  std::string initial = std::string("\xC0\x1A\x2A\x3A\x4A\x08", 6) + std::string(8, 'd') +
                        std::string("\x08", 1) + std::string(8, 's');
  initial.resize(1200);
  SendRaw(raw, initial);
  const std::string answer = ReceiveRaw(raw);
  ASSERT_GT(answer.size(), 27u);
  EXPECT_EQ(answer.substr(1, 4), std::string(4, '\0'));  // RFC 8999 §6
  EXPECT_NE(answer.find(std::string("\0\0\0\x01", 4), 23), std::string::npos);
  EXPECT_EQ(counters.version_negotiations.value(), 1u);
  initial.resize(1199);  // an answer could be larger than the question
  SendRaw(raw, initial);
  EXPECT_TRUE(Until([&] { return counters.packets_unknown.value() == 1; }));
}

TEST_F(QuicServerTest, RandomBytesHarmNobody) {
  StartServer();
  Client client = ConnectReady();
  udp::socket raw = Raw();
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes(1 + random() % 1400, 0);
    for (char& byte : bytes) byte = static_cast<char>(random());
    // Some that look like first packets of version 1.
    if (i % 3 == 0) bytes = std::string("\xC3\0\0\0\1\x08", 6) + bytes;
    if (i % 30 == 0) bytes.resize(1200);
    SendRaw(raw, bytes);
    if (i % 100 == 0) {
      ASSERT_TRUE(Echoes(client, std::to_string(i)));
    }
  }
  EXPECT_TRUE(Echoes(client, "after"));
  Client another = ConnectReady();
  EXPECT_TRUE(Echoes(another, "and new ones"));
  EXPECT_EQ(counters.handshakes.value(), 2u);
}

TEST_F(QuicServerTest, GivesUpHandshakesThatDoNotGoOn) {
  QuicConfig config;
  config.handshake_timeout = Duration::Millis(300);
  StartServer(config);
  udp::socket raw = Raw();
  SendRaw(raw, RecordInitial());
  ASSERT_TRUE(Until([&] { return server->endpoint().connections() == 1; }));
  EXPECT_EQ(server->half_open(), 1u);
  ASSERT_TRUE(Until([&] { return server->endpoint().connections() == 0; }));
  EXPECT_EQ(server->half_open(), 0u);
  EXPECT_EQ(counters.handshake_failures.value(), 1u);
}

TEST_F(QuicServerTest, AsksTheGateForEveryHandshakeAndReleasesEach) {
  StartServer({}, &gate);
  Client client = ConnectReady();
  ASSERT_TRUE(Until([&] { return counters.handshakes.value() == 1; }));
  EXPECT_EQ(gate.admitted, 1);
  EXPECT_EQ(gate.inside, 1) << "until what lives above says that it counts it";
  sessions[0]->connection->ReleaseAdmission();
  EXPECT_EQ(gate.inside, 0);
  gate.open = false;
  Client refused = Connect();
  ASSERT_TRUE(Until([&] { return refused->end.has_value(); }));  // told, not left to wait
  EXPECT_FALSE(refused->ready);
  EXPECT_GE(counters.connections_refused.value(), 1u);
  EXPECT_TRUE(Echoes(client, "unharmed"));
  server.reset();
  EXPECT_EQ(gate.inside, 0);
}

TEST_F(QuicServerTest, WhoIsHalfOpenTakesNoPlaceButOfTheHalfOpen) {
  QuicConfig config;
  config.max_half_open = 1;
  StartServer(config);
  Client first = ConnectReady();
  ASSERT_TRUE(Until([&] { return counters.handshakes.value() == 1; }));
  EXPECT_EQ(server->half_open(), 1u) << "until what lives above says that it counts it";
  Client refused = Connect();
  ASSERT_TRUE(Until([&] { return refused->end.has_value(); }));
  EXPECT_FALSE(refused->ready);
  sessions[0]->connection->ReleaseAdmission();
  EXPECT_EQ(server->half_open(), 0u);
  Client second = ConnectReady();
  EXPECT_TRUE(Echoes(second, "in"));
  EXPECT_TRUE(Echoes(first, "still"));
}

TEST_F(QuicServerTest, ForgedAddressesKeepNobodyOut) {
  QuicConfig config;
  gate.limit = 2;
  StartServer(config, &gate);
  for (int i = 0; i < 20; ++i) {
    udp::socket raw = Raw();
    SendRaw(raw, RecordInitial());
  }
  ASSERT_TRUE(Until([&] { return counters.retries.value() >= 10; }));
  EXPECT_EQ(server->half_open(), config.retry_threshold_per_address);
  EXPECT_EQ(gate.admitted, 0) << "nobody has been shown to be there";
  Client client = ConnectReady();  // answers its Retry
  EXPECT_TRUE(Echoes(client, "x"));
  EXPECT_EQ(gate.admitted, 1);
  EXPECT_EQ(counters.connections_refused.value(), 0u);
}

TEST_F(QuicServerTest, RefusesWhomTheGateDoesNotWantWhenTheHandshakeIsDone) {
  gate.open = false;
  gate.forged = true;
  StartServer({}, &gate);
  Client client = Connect();
  ASSERT_TRUE(Until([&] { return client->end.has_value(); }));
  EXPECT_EQ(counters.retries.value(), 0u);
  EXPECT_EQ(counters.connections_refused.value(), 1u);
  EXPECT_TRUE(Until([&] { return server->endpoint().connections() == 0; }));
}

TEST_F(QuicServerTest, RefusesMoreConnectionsThanItsLimit) {
  QuicConfig config;
  config.max_connections = 2;
  StartServer(config);
  Client first = ConnectReady();
  Client second = ConnectReady();
  Client third = Connect();
  ASSERT_TRUE(Until([&] { return third->end.has_value(); }));
  EXPECT_TRUE(Echoes(first, "1"));
  EXPECT_TRUE(Echoes(second, "2"));
}

// Each worker on a thread of its own; the clients on the test's.
class QuicWorkersTest : public QuicServerTest {
 protected:
  static constexpr uint8_t kWorkers = 2;
  struct Worker {
    boost::asio::io_context io{1};
    QuicCounters counters;
    std::unique_ptr<QuicServer> server;
    std::thread thread;
  };

  void StartWorkers() {
    for (uint8_t i = 0; i < kWorkers; ++i) {
      QuicServerSetup setup;
      setup.local = {boost::asio::ip::make_address("127.0.0.1"), port};
      setup.worker = {i, kWorkers};
      setup.secret = secret;
      setup.tls = tls;
      auto started = QuicServer::Start(
          workers[i].io, setup,
          [](QuicConnection& connection) {
            return std::make_shared<QuicPeer>(connection, std::make_shared<PeerLog>(), true);
          },
          workers[i].counters);
      ASSERT_TRUE(started) << started.error().message;
      workers[i].server = std::move(*started);
      port = workers[i].server->port();
    }
    for (Worker& worker : workers) {
      worker.thread = std::thread([&worker] { worker.io.run(); });
    }
  }
  void StopWorkers() {
    for (Worker& worker : workers) {
      worker.io.stop();
      worker.thread.join();
      worker.server.reset();
    }
  }

  std::array<Worker, kWorkers> workers;
};

TEST_F(QuicWorkersTest, PacketsFindTheWorkerOfTheirConnectionWhereverTheyComeFrom) {
  StartWorkers();
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(ConnectReady());
  for (Client& client : clients) EXPECT_TRUE(Echoes(client, "before"));
  for (Client& client : clients) ASSERT_TRUE(client.client->Rebind());
  for (Client& client : clients) EXPECT_TRUE(Echoes(client, "after"));
  StopWorkers();
  for (const Worker& worker : workers) {
    EXPECT_GT(worker.counters.handshakes.value(), 0u);
    EXPECT_EQ(worker.counters.packets_unknown.value(), 0u);
  }
}

TEST_F(QuicWorkersTest, TheIdThatAClientChoosesDoesNotChooseItsWorker) {
  StartWorkers();
  const auto initial = RecordInitial();
  constexpr uint64_t kClients = 40;
  std::vector<udp::socket> clients;
  for (uint64_t i = 0; i < kClients; ++i) SendRaw(clients.emplace_back(Raw()), initial);
  const auto received = [this] {
    return workers[0].counters.packets_in.value() + workers[1].counters.packets_in.value();
  };
  EXPECT_TRUE(Until([&] { return received() >= kClients; }));
  StopWorkers();
  for (const Worker& worker : workers) EXPECT_GT(worker.counters.packets_in.value(), 0u);
}

}  // namespace
}  // namespace ferry::net::testing
