#include "gateway/net/forwarded.h"

#include <gtest/gtest.h>

#include <string>

namespace ferry::gateway {
namespace {

// The client of a request that 10.0.0.1, a trusted proxy like all of 10.0.0.0/8, or another has
// sent.
std::string Client(std::string_view x_forwarded_for, std::string_view peer = "10.0.0.1") {
  const auto proxies = TrustedProxies::Parse({"10.0.0.0/8", "2001:db8::/32"});
  return ClientOf(x_forwarded_for, IpAddress::Parse(peer).value(), proxies.value()).Text();
}

TEST(ClientOf, IsWhomTheProxyNames) {
  EXPECT_EQ(Client("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(Client("  192.0.2.7\t"), "192.0.2.7");
  EXPECT_EQ(Client("2001:4860::8"), "2001:4860::8");
  EXPECT_EQ(Client("192.0.2.7", "::ffff:10.0.0.1"), "192.0.2.7");
}

TEST(ClientOf, IsTheLastThatIsNotTrusted) {
  EXPECT_EQ(Client("203.0.113.1, 192.0.2.7"), "192.0.2.7") << "the first is the client's own word";
  EXPECT_EQ(Client("203.0.113.1,192.0.2.7, 10.1.1.1,2001:db8::5"), "192.0.2.7");
  EXPECT_EQ(Client("10.3.3.3, 10.2.2.2"), "10.3.3.3") << "somebody within";
}

TEST(ClientOf, ReadsAddressesWithTheirPorts) {
  EXPECT_EQ(Client("192.0.2.7:4711"), "192.0.2.7");
  EXPECT_EQ(Client("[2001:4860::8]:4711"), "2001:4860::8");
  EXPECT_EQ(Client("[2001:4860::8]"), "2001:4860::8");
}

TEST(ClientOf, IsTheSenderWhoIsNotTrusted) {
  EXPECT_EQ(Client("203.0.113.1", "192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(Client("10.0.0.1, 203.0.113.1", "192.0.2.7"), "192.0.2.7");
}

TEST(ClientOf, IsTheLastKnownWhereTheChainSaysNothing) {
  for (const char* nothing : {"", " ", ",", "unknown", "_hidden", "192.0.2", "192.0.2.7 x", "[::1",
                              "[2001:4860::8]x", "203.0.113.1, "}) {
    EXPECT_EQ(Client(nothing), "10.0.0.1") << nothing;
  }
  EXPECT_EQ(Client("203.0.113.1, unknown, 10.2.2.2"), "10.2.2.2");
}

TEST(ClientOf, FollowsSoManyProxiesBack) {
  std::string chain = "192.0.2.7";
  for (int i = 1; i < kMaxForwardedHops; ++i) chain += ", 10.2.2.2";
  EXPECT_EQ(Client(chain), "192.0.2.7");
  EXPECT_EQ(Client(chain + ", 10.2.2.2"), "10.2.2.2");
}

}  // namespace
}  // namespace ferry::gateway
