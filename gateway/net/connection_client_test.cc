#include "gateway/net/connection_client.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/testing/fakes.h"

namespace ferry::gateway {
namespace {

asio::ip::address Address(const std::string& text) { return asio::ip::make_address(text); }

HttpRequest Request(const std::vector<std::string>& forwarded_for = {}) {
  HttpRequest request;
  for (const auto& value : forwarded_for) request.insert("X-Forwarded-For", value);
  return request;
}

class ConnectionClientTest : public ::testing::Test {
 protected:
  struct Open {
    AddressLimits::Slot slot;
    std::unique_ptr<ConnectionClient> client;
  };
  // One of `peer` as the listener takes it; nullopt: refused at once.
  std::optional<Open> Accept(const std::string& peer, const std::string& named = "") {
    if (ConnectionClient::IsCharged(Address(peer), policy) && !limits.Admit(Address(peer))) {
      return std::nullopt;
    }
    Open open{AddressLimits::Slot(),
              std::make_unique<ConnectionClient>(limits, policy, Address(peer))};
    if (!named.empty() && !open.client->Name(Address(named))) return std::nullopt;
    return open;
  }

  testing::FakeClock clock;
  ProxyPolicy policy{.trusted = TrustedProxies::Parse({"10.0.0.0/8"}).value()};
  AddressLimits limits{{.max_connections_per_address = 2,
                        .max_half_open_per_address = 2,
                        .handshakes_per_second = 1,
                        .handshake_burst = 4},
                       clock};
};

TEST_F(ConnectionClientTest, AProxysHandshakesAreNotCountedAsOneClients) {
  std::vector<Open> open;
  for (int i = 0; i < 8; ++i) {
    auto one = Accept("10.0.0.1");
    ASSERT_TRUE(one) << i;
    open.push_back(std::move(*one));
  }
  EXPECT_TRUE(Accept("192.0.2.7"));
}

TEST_F(ConnectionClientTest, HandshakesThatAProxyNamesAreCountedForWhoBeginsThem) {
  auto first = Accept("10.0.0.1", "192.0.2.7");
  auto second = Accept("10.0.0.1", "192.0.2.7");
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(Accept("10.0.0.1", "192.0.2.7")) << "half open";
  EXPECT_TRUE(Accept("10.0.0.1", "192.0.2.8"));
  EXPECT_FALSE(Accept("192.0.2.7")) << "the same as without the proxy";
  first->client->Open(first->slot);
  EXPECT_TRUE(Accept("10.0.0.1", "192.0.2.7")) << "one handshake is over";
  first.reset();
  second.reset();
  EXPECT_EQ(limits.refused(RefusedBecause::kAddressHalfOpen), 2);
  EXPECT_TRUE(Accept("10.0.0.1", "192.0.2.7"));
  EXPECT_FALSE(Accept("10.0.0.1", "192.0.2.7"));
  EXPECT_EQ(limits.refused(RefusedBecause::kAddressRate), 1) << "four at once, then one a second";
}

TEST_F(ConnectionClientTest, ARequestIsOfWhomTheProxyNames) {
  std::vector<Open> open;
  for (const char* from : {"192.0.2.7", "192.0.2.7", "192.0.2.8", "192.0.2.7"}) {
    auto one = Accept("10.0.0.1");
    one->client->Open(one->slot);
    const bool may = one->client->Request(one->slot, Request({from}));
    EXPECT_EQ(may, open.size() < 3) << from;
    EXPECT_EQ(one->client->address(), Address(from));
    open.push_back(std::move(*one));
  }
}

TEST_F(ConnectionClientTest, OneConnectionOfAProxyMayServeOneAfterTheOther) {
  auto one = Accept("10.0.0.1");
  one->client->Open(one->slot);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(one->client->Request(one->slot, Request({"192.0.2." + std::to_string(i)})));
  }
  auto other = Accept("192.0.2.0");
  other->client->Open(other->slot);
  auto another = Accept("192.0.2.0");
  another->client->Open(another->slot);
  EXPECT_TRUE(another->client->Request(another->slot, Request())) << "no longer counted";
}

TEST_F(ConnectionClientTest, AHeaderOfSomebodyElseChangesNothing) {
  auto one = Accept("203.0.113.5");
  one->client->Open(one->slot);
  const HttpRequest request = Request({"192.0.2.7"});
  EXPECT_TRUE(one->client->Request(one->slot, request));
  EXPECT_EQ(one->client->address(), Address("203.0.113.5"));
  EXPECT_TRUE(one->client->Ignores(request));
  EXPECT_FALSE(one->client->Ignores(Request()));
}

TEST_F(ConnectionClientTest, WhomAProxyNamesIsNoProxyItself) {
  auto one = Accept("10.0.0.1", "203.0.113.5");
  one->client->Open(one->slot);
  EXPECT_TRUE(one->client->Request(one->slot, Request({"192.0.2.7"})));
  EXPECT_EQ(one->client->address(), Address("203.0.113.5"));
}

TEST_F(ConnectionClientTest, ProxiesMayStandOneBehindTheOther) {
  auto one = Accept("10.0.0.1", "10.0.0.2");
  one->client->Open(one->slot);
  EXPECT_TRUE(one->client->Request(one->slot, Request({"198.51.100.1", "192.0.2.7"})));
  EXPECT_EQ(one->client->address(), Address("192.0.2.7")) << "fields of one name are one list";
}

TEST_F(ConnectionClientTest, AProxyThatNamesNobodyHasTheConnectionsOfAnAddress) {
  std::vector<Open> open;
  for (int i = 0; i < 3; ++i) {
    auto one = Accept("10.0.0.1");
    one->client->Open(one->slot);
    EXPECT_EQ(one->client->Request(one->slot, Request()), i < 2) << i;
    EXPECT_TRUE(one->client->IsProxy());
    open.push_back(std::move(*one));
  }
}

}  // namespace
}  // namespace ferry::gateway
