#include "gateway/net/limited_handler.h"

#include <gtest/gtest.h>

#include "gateway/testing/fakes.h"

namespace ferry::gateway {
namespace {

// Sends one packet, and notes what it is told.
class Probe final : public net::ConnectionHandler {
 public:
  explicit Probe(std::vector<std::string>& told) : told_(told) {}
  void OnControl(std::string_view message) override { told_.emplace_back(message); }
  void OnMedia(ByteSpan packet) override { told_.emplace_back(packet.begin(), packet.end()); }
  bool NextFrame(net::OutgoingFrame& frame) override {
    frame = {false, packet_};
    return std::exchange(waits_, false);
  }
  void OnClosed(const net::ConnectionEnd& end) override { told_.push_back(end.reason); }

 private:
  std::vector<std::string>& told_;
  const std::vector<uint8_t> packet_{0x80, 1};
  bool waits_ = true;
};

class LimitedHandlerTest : public ::testing::Test {
 protected:
  net::HandlerFactory Factory(AddressLimits& limits) {
    return CountedByAddress(limits,
                            [this](net::Connection&) { return std::make_unique<Probe>(told); });
  }
  void ExpectRefused(net::HandlerFactory& make, const std::string& why) {
    testing::FakeConnection connection;
    const auto handler = make(connection);
    EXPECT_EQ(connection.closed_with, 1013);
    EXPECT_EQ(connection.close_reason, why);
    connection.Drain(*handler);
    EXPECT_TRUE(connection.messages.empty());
    EXPECT_TRUE(connection.packets.empty());
  }

  testing::FakeClock clock;
  std::vector<std::string> told;
};

TEST_F(LimitedHandlerTest, PassesEverythingOnWithinTheLimit) {
  AddressLimits limits({}, clock);
  testing::FakeConnection connection;
  const auto handler = Factory(limits)(connection);
  EXPECT_EQ(limits.connections(), 1u);
  handler->OnControl("control");
  handler->OnMedia(std::vector<uint8_t>{'m'});
  connection.Drain(*handler);
  handler->OnClosed({.reason = "end"});
  EXPECT_EQ(told, (std::vector<std::string>{"control", "m", "end"}));
  EXPECT_EQ(connection.packets.size(), 1u);
  EXPECT_EQ(connection.closed_with, 0);
}

TEST_F(LimitedHandlerTest, OneTooManyOfAnAddressIsTold) {
  AddressLimits limits({.max_connections_per_address = 1}, clock);
  auto make = Factory(limits);
  testing::FakeConnection first;
  auto handler = make(first);
  ExpectRefused(make, "20017 too many connections from this address");
  EXPECT_EQ(limits.refused(RefusedBecause::kAddressConnections), 1);
  EXPECT_EQ(limits.connections(), 1u);
  handler.reset();
  testing::FakeConnection again;
  handler = make(again);
  EXPECT_EQ(again.closed_with, 0);
}

TEST_F(LimitedHandlerTest, AFullGatewayIsTold) {
  AddressLimits limits({.max_connections = 1}, clock);
  auto make = Factory(limits);
  testing::FakeConnection first;
  const auto handler = make(first);
  ExpectRefused(make, "20006 the gateway is full");
}

}  // namespace
}  // namespace ferry::gateway
