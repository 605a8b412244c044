#include "client/transport/connector.h"

#include <gtest/gtest.h>

namespace ferry::client {
namespace {

TEST(GatewayAddress, IsReadFromAnOriginOrHostAndPort) {
  const auto parsed = [](std::string_view text) {
    const auto address = ParseGatewayAddress(text);
    return address ? address->host + " " + std::to_string(address->port) + address->prefix
                   : "error";
  };
  EXPECT_EQ(parsed("https://call.example.org"), "call.example.org 443");
  EXPECT_EQ(parsed("https://127.0.0.1:8443/"), "127.0.0.1 8443");
  EXPECT_EQ(parsed("wss://[::1]:9/rtc/v1"), "::1 9");
  EXPECT_EQ(parsed("localhost:1"), "localhost 1");
  // Behind a proxy that has given it a path.
  EXPECT_EQ(parsed("https://example.org/calls"), "example.org 443/calls");
  EXPECT_EQ(parsed("https://example.org:1/a/b/?x=/y"), "example.org 1/a/b");
  EXPECT_EQ(parsed("https://example.org/calls/rtc/v1"), "example.org 443/calls");
  for (const char* bad : {"", "http://a", "https://", "a:0", "a:65536", "a:x", "[::1", "[::1]9"}) {
    EXPECT_EQ(parsed(bad), "error") << bad;
  }
}

}  // namespace
}  // namespace ferry::client
