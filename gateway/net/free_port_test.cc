#include "gateway/net/free_port.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/udp.hpp>
#include <vector>

#include "gateway/net/asio.h"

namespace ferry::gateway {
namespace {

TEST(FreePortTest, IsFreeForTcpAndUdp) {
  asio::io_context io;
  std::vector<asio::ip::udp::socket> held;
  for (int i = 0; i < 50; ++i) {
    const auto port = FindFreePort("127.0.0.1");
    ASSERT_TRUE(port) << port.error().message;
    const asio::ip::tcp::acceptor tcp(io, {asio::ip::address_v4::loopback(), *port});
    // Held from now on: the next one must be another.
    held.emplace_back(io, asio::ip::udp::endpoint(asio::ip::address_v4::loopback(), *port));
  }
}

TEST(FreePortTest, TellsWhatIsNoAddress) { EXPECT_FALSE(FindFreePort("nowhere")); }

}  // namespace
}  // namespace ferry::gateway
