// What clients over WebTransport see of the whole gateway.
#include <gtest/gtest.h>

#include "gateway/app/gateway.h"
#include "gateway/testing/gateway_fixture.h"

namespace ferry::gateway {
namespace {

class GatewayWebTransportTest : public GatewayTest {
 protected:
  // Without a word to anybody, as after a crash.
  void Vanish() {
    gateway->Shutdown(Gateway::ShutdownStage::kNone, [this] { stopped = true; });
    ASSERT_TRUE(Until([&] { return stopped; }));
    io.poll();
    gateway.reset();
    stopped = false;
  }

  // As `config` has it: by the close, while the first goes on. By a control message it cannot be,
  // for the second has not opened the stream for them yet.
  void ExpectTheSecondTurnedAway(const char* close_reason) {
    Start();
    const Client ann = Joined("ann");
    const Client late = ConnectWebTransport();
    EXPECT_TRUE(ClosesWith(late, 1013));
    EXPECT_EQ(late->close_reason, close_reason);
    EXPECT_EQ(Ask(ann, {{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
  }
};

TEST_F(GatewayWebTransportTest, AClientOfOneThatCrashedLearnsOfItFromTheNext) {
  Start();
  const Client ann = ConnectWebTransport();
  ASSERT_EQ(Ask(ann, JoinMessage("ann"))["type"], "ok");
  config.port = gateway->port();
  Vanish();
  Start();
  // By a stateless reset; what it would wait for otherwise is QUIC's idle time-out, 30 s. (By that
  // of the first, where a late acknowledgement met it while it ended.)
  ann->Send({{"type", "ping"}, {"id", 2}, {"timeMs", 1}});
  EXPECT_TRUE(Until([&] { return ann->closed; }));
  EXPECT_EQ(ann->close_code, 0) << "nobody has told it";
}

TEST_F(GatewayWebTransportTest, WhoIsOneTooManyIsToldByTheClose) {
  config.listener.max_connections = 1;
  ExpectTheSecondTurnedAway("20006 the gateway is full");
}

TEST_F(GatewayWebTransportTest, WhoIsOneTooManyOfAnAddressIsToldByTheClose) {
  config.listener.max_connections_per_address = 1;
  ExpectTheSecondTurnedAway("20017 too many connections from this address");
}

TEST_F(GatewayWebTransportTest, ACloseRepeatsTheErrorBeforeItOverEitherTransport) {
  Start();
  for (const auto kind : {net::TransportKind::kWebTransport, net::TransportKind::kWebSocket}) {
    const Client client = Connect({.transport = kind});
    client->Send({{"type", "resume"}, {"id", 1}, {"version", 1}, {"token", "x.y"}, {"ack", 0}});
    EXPECT_TRUE(ClosesWith(client, 4007));
    const nlohmann::json error = client->Find({{"type", "error"}, {"id", 1}, {"code", 20016}});
    ASSERT_FALSE(error.is_null());
    EXPECT_EQ(client->close_reason, "20016 " + error["message"].get<std::string>());
  }
}

TEST_F(GatewayWebTransportTest, ADrainEndsAtItsDeadlineThoughNobodyAnswers) {
  config.drain_timeout_s = 1;
  config.shutdown_timeout_ms = 100;
  Start();
  const Client deaf = Joined("deaf", {.read = false});
  // On a loop that turns no more: it neither acknowledges nor closes.
  EventLoop elsewhere;
  const Client gone = testing::MakeWebTransportTestClient(elsewhere, gateway->port(), {});
  gone->Start();
  gone->Send(JoinMessage("gone"));
  ASSERT_TRUE(Until([&] {
    elsewhere.poll();
    return gateway->Total(&Metrics::participants) == 2;
  }));
  gateway->Shutdown(Gateway::ShutdownStage::kDrain, [this] { stopped = true; });
  EXPECT_TRUE(Until([&] { return stopped; }));
  EXPECT_EQ(gateway->Total(&Metrics::webtransport_connections), 0);
  EXPECT_EQ(gateway->Total(&Metrics::connections), 0);
  elsewhere.DropPending();
}

}  // namespace
}  // namespace ferry::gateway
