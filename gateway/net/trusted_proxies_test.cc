#include "gateway/net/trusted_proxies.h"

#include <gtest/gtest.h>

namespace ferry::gateway {
namespace {

TrustedProxies Proxies(const std::vector<std::string>& list) {
  auto parsed = TrustedProxies::Parse(list);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : TrustedProxies();
}

bool Holds(const TrustedProxies& proxies, std::string_view address) {
  return proxies.Contains(IpAddress::Parse(address).value());
}

TEST(IpAddress, IsReadAndWritten) {
  for (const char* text : {"0.0.0.0", "192.0.2.7", "255.255.255.255", "::", "2001:db8::1"}) {
    const auto address = IpAddress::Parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->Text(), text);
  }
  EXPECT_EQ(IpAddress::Parse("::ffff:192.0.2.7"), IpAddress::Parse("192.0.2.7"));
  EXPECT_EQ(IpAddress::Parse("2001:DB8:0::1")->Text(), "2001:db8::1");
}

TEST(IpAddress, IsNothingElse) {
  using namespace std::string_view_literals;
  for (const auto text : {""sv, "1.2.3"sv, "1.2.3.256"sv, "01.2.3.4"sv, "1.2.3.4 "sv, " 1.2.3.4"sv,
                          "1.2.3.4:80"sv, "1.2.3.4\0"sv, "[::1]"sv, "fe80::1%eth0"sv, "::1::"sv,
                          "localhost"sv, "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"sv}) {
    EXPECT_FALSE(IpAddress::Parse(text)) << text;
  }
}

TEST(TrustedProxies, AreNobodyByDefault) {
  const TrustedProxies none = Proxies({});
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(Holds(none, "127.0.0.1"));
}

TEST(TrustedProxies, AreTheAddressesAndNetworksListed) {
  const TrustedProxies proxies = Proxies({"192.0.2.7", "10.0.0.0/8", "2001:db8::/33", "::1"});
  for (const char* address :
       {"192.0.2.7", "::ffff:192.0.2.7", "10.0.0.0", "10.255.255.255", "2001:db8:7fff::1", "::1"}) {
    EXPECT_TRUE(Holds(proxies, address)) << address;
  }
  for (const char* address : {"192.0.2.6", "192.0.2.8", "9.255.255.255", "11.0.0.0",
                              "2001:db8:8000::", "::", "::2", "::a00:1"}) {
    EXPECT_FALSE(Holds(proxies, address)) << address;
  }
}

TEST(TrustedProxies, OfAllAddressesOfAFamily) {
  EXPECT_TRUE(Holds(Proxies({"0.0.0.0/0"}), "203.0.113.9"));
  EXPECT_FALSE(Holds(Proxies({"0.0.0.0/0"}), "2001:db8::1"));
  EXPECT_TRUE(Holds(Proxies({"::/0"}), "2001:db8::1"));
  EXPECT_FALSE(Holds(Proxies({"::/0"}), "203.0.113.9"));
}

TEST(TrustedProxies, WhatIsNoAddressIsRefusedByName) {
  for (const char* bad : {"", "proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x",
                          "10.0.0.0/-1", "10.0.0.1/8", "::1/64", "::/129", "10.0.0.0/8/8"}) {
    const auto parsed = TrustedProxies::Parse({"127.0.0.1", bad});
    ASSERT_FALSE(parsed) << bad;
    EXPECT_TRUE(parsed.error().message.starts_with("\"" + std::string(bad) + "\" "))
        << parsed.error().message;
  }
}

}  // namespace
}  // namespace ferry::gateway
