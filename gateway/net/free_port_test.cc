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
    const auto port = FindFreePort("127.0.0.1", 0, true);
    ASSERT_TRUE(port) << port.error().message;
    const asio::ip::tcp::acceptor tcp(io, {asio::ip::address_v4::loopback(), *port});
    // Held from now on: the next one must be another.
    held.emplace_back(io, asio::ip::udp::endpoint(asio::ip::address_v4::loopback(), *port));
  }
}

TEST(FreePortTest, AWantedOneIsThatOrNone) {
  const auto port = FindFreePort("127.0.0.1", 0, true);
  ASSERT_TRUE(port);
  EXPECT_EQ(FindFreePort("127.0.0.1", *port, true), *port);
  asio::io_context io;
  const asio::ip::udp::socket udp(io, {asio::ip::address_v4::loopback(), *port});
  EXPECT_FALSE(FindFreePort("127.0.0.1", *port, true));
  EXPECT_EQ(FindFreePort("127.0.0.1", *port, false), *port);
}

TEST(FreePortTest, TellsWhatIsNoAddress) { EXPECT_FALSE(FindFreePort("nowhere", 0, true)); }

}  // namespace
}  // namespace ferry::gateway
