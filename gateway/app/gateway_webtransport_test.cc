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
    gateway->Shutdown(Gateway::Patience::kNone, [this] { stopped = true; });
    ASSERT_TRUE(Until([&] { return stopped; }));
    io.poll();
    gateway.reset();
    stopped = false;
  }
};

TEST_F(GatewayWebTransportTest, AClientOfOneThatCrashedLearnsOfItFromTheNext) {
  Start();
  const Client ann = ConnectWebTransport();
  ASSERT_EQ(Ask(ann, JoinMessage("ann"))["type"], "ok");
  config.port = gateway->port();
  Vanish();
  ASSERT_FALSE(ann->closed) << "nobody has told it";
  Start();
  // By a stateless reset; what it would wait for otherwise is QUIC's idle time-out, 30 s.
  ann->Send({{"type", "ping"}, {"id", 2}, {"timeMs", 1}});
  EXPECT_TRUE(Until([&] { return ann->closed; }));
  EXPECT_EQ(ann->close_code, 0);
}

}  // namespace
}  // namespace ferry::gateway
