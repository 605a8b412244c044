#include "gateway/net/address_limits.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "gateway/testing/fakes.h"

namespace ferry::gateway {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::make_address;

class AddressLimitsTest : public ::testing::Test {
 protected:
  // Begins handshakes until one is refused.
  static int HandshakesUntilRefused(AddressLimits& limits, const address& of, int at_most = 100) {
    int count = 0;
    while (count < at_most && limits.Admit(of)) {
      limits.Release(of);
      ++count;
    }
    return count;
  }
  static int HandshakesUntilRefused(AddressLimits& limits, const char* text) {
    return HandshakesUntilRefused(limits, make_address(text));
  }
  static address Nth(uint32_t n) { return boost::asio::ip::address_v4(0x0A000000 + n); }
  // The nth /64 of one /48.
  static address OfNetwork(uint32_t n) {
    boost::asio::ip::address_v6::bytes_type bytes{0x20, 1, 0x0D, 0xB8, 0, 1};
    bytes[6] = static_cast<uint8_t>(n >> 8);
    bytes[7] = static_cast<uint8_t>(n);
    return boost::asio::ip::address_v6(bytes);
  }
  static std::optional<AddressLimits::Slot> Connect(AddressLimits& limits, const char* text) {
    AddressLimits::Slot slot;
    if (!limits.Identify(slot, make_address(text))) return std::nullopt;
    return slot;
  }

  testing::FakeClock clock;
};

TEST_F(AddressLimitsTest, HandshakesOfAnAddressHaveABurstAndThenARate) {
  AddressLimits limits({.handshakes_per_second = 2, .handshake_burst = 5}, clock);
  EXPECT_EQ(HandshakesUntilRefused(limits, "192.0.2.1"), 5);
  EXPECT_EQ(HandshakesUntilRefused(limits, "192.0.2.2"), 5) << "another is not harmed";
  clock.Advance(Duration::Millis(1000));
  EXPECT_EQ(HandshakesUntilRefused(limits, "192.0.2.1"), 2);
  EXPECT_EQ(limits.refused(RefusedBecause::kAddressRate), 3);
}

TEST_F(AddressLimitsTest, TellsWhatItWouldAdmitWithoutCountingIt) {
  AddressLimits limits({.max_half_open_per_address = 2, .handshake_burst = 3}, clock);
  const address one = make_address("192.0.2.1");
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limits.WouldAdmit(one));
  EXPECT_EQ(limits.addresses(), 0u);
  EXPECT_TRUE(limits.Admit(one) && limits.Admit(one));
  EXPECT_FALSE(limits.WouldAdmit(one)) << "two are half-open";
  limits.Release(one);
  EXPECT_TRUE(limits.WouldAdmit(one) && limits.Admit(one));
  limits.Release(one);
  EXPECT_FALSE(limits.WouldAdmit(one)) << "its burst is used up";
  EXPECT_EQ(limits.refused(RefusedBecause::kAddressHalfOpen), 0);
  EXPECT_EQ(limits.refused(RefusedBecause::kAddressRate), 0);
}

TEST_F(AddressLimitsTest, HandshakesThatDoNotEndAreLimited) {
  AddressLimits limits({.max_half_open_per_address = 2}, clock);
  const address one = make_address("192.0.2.1");
  EXPECT_TRUE(limits.Admit(one));
  EXPECT_TRUE(limits.Admit(one));
  EXPECT_FALSE(limits.Admit(one));
  EXPECT_TRUE(limits.Admit(make_address("192.0.2.2")));
  EXPECT_EQ(limits.refused(RefusedBecause::kAddressHalfOpen), 1);
  limits.Release(one);
  EXPECT_TRUE(limits.Admit(one));
}

TEST_F(AddressLimitsTest, ConnectionsOfAnAddressAreLimited) {
  AddressLimits limits({.max_connections_per_address = 2}, clock);
  auto first = Connect(limits, "192.0.2.1");
  auto second = Connect(limits, "192.0.2.1");
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(Connect(limits, "192.0.2.1"));
  EXPECT_TRUE(Connect(limits, "192.0.2.2"));
  EXPECT_EQ(limits.refused(RefusedBecause::kAddressConnections), 1);
  first.reset();
  EXPECT_TRUE(Connect(limits, "192.0.2.1"));
}

TEST_F(AddressLimitsTest, AllConnectionsTogetherAreLimited) {
  AddressLimits limits({.max_connections = 2}, clock);
  AddressLimits::Slot first;
  AddressLimits::Slot second;
  AddressLimits::Slot third;
  EXPECT_TRUE(limits.Connect(first) && limits.Connect(second));
  EXPECT_FALSE(limits.Connect(third));
  EXPECT_EQ(limits.refused(RefusedBecause::kFull), 1);
  EXPECT_TRUE(Connect(limits, "192.0.2.2")) << "one of an address that is no client's";
  AddressLimits::Slot moved = std::move(second);
  EXPECT_FALSE(limits.Connect(third)) << "it was moved, not freed";
  moved = AddressLimits::Slot();
  EXPECT_EQ(limits.connections(), 1u);
  EXPECT_TRUE(limits.Connect(third));
}

TEST_F(AddressLimitsTest, RequestsOfAnAddressHaveABurstAndThenARate) {
  AddressLimits limits({.requests_per_second_per_address = 2, .request_burst_per_address = 5},
                       clock);
  const AddressKey one = AddressKey::OfText("192.0.2.1");
  const auto taken = [&](const AddressKey& key) {
    int count = 0;
    while (limits.TakeRequest(key)) ++count;
    return count;
  };
  EXPECT_EQ(taken(one), 5);
  EXPECT_EQ(taken(AddressKey::OfText("192.0.2.2")), 5) << "another is not harmed";
  clock.Advance(Duration::Millis(1000));
  EXPECT_EQ(taken(one), 2);
}

TEST_F(AddressLimitsTest, AnIpv6NetworkIsOneAddress) {
  AddressLimits limits({.max_connections_per_address = 1}, clock);
  const auto held = Connect(limits, "2001:db8:0:1::1");
  EXPECT_FALSE(Connect(limits, "2001:db8:0:1:ffff::2"));
  EXPECT_TRUE(Connect(limits, "2001:db8:0:2::1"));
}

TEST_F(AddressLimitsTest, AnIpv4AddressIsTheSameWhenMappedIntoIpv6) {
  AddressLimits limits({.max_connections_per_address = 1}, clock);
  const auto held = Connect(limits, "::ffff:192.0.2.1");
  EXPECT_FALSE(Connect(limits, "192.0.2.1"));
  EXPECT_TRUE(Connect(limits, "::ffff:192.0.2.2"));
  EXPECT_TRUE(Connect(limits, "::c000:201")) << "not an IPv4 address";
}

TEST_F(AddressLimitsTest, MessagesOfAnAddressHaveABurstAndThenARate) {
  AddressLimits limits({.messages_per_second_per_address = 10, .message_burst_per_address = 30},
                       clock);
  const auto until_refused = [&](const char* text, size_t bytes) {
    int count = 0;
    while (count < 100 && limits.TakeMessage(AddressKey::OfText(text), bytes)) ++count;
    return count;
  };
  EXPECT_EQ(until_refused("192.0.2.1", 0), 30);
  EXPECT_EQ(until_refused("192.0.2.2", 0), 30) << "another is not harmed";
  EXPECT_EQ(until_refused("2001:db8::1", 2048), 10) << "one and two KiB each";
  EXPECT_EQ(until_refused("2001:db8::2", 0), 0) << "of the same network";
  clock.Advance(Duration::Millis(1000));
  EXPECT_EQ(until_refused("192.0.2.1", 0), 10);
}

TEST_F(AddressLimitsTest, WhoHoldsNothingIsForgottenOnceItsBurstsAreWholeAgain) {
  AddressLimits limits({.handshakes_per_second = 1, .handshake_burst = 10}, clock);
  const auto held = Connect(limits, "198.51.100.1");
  for (uint32_t n = 0; n < 100; ++n) HandshakesUntilRefused(limits, Nth(n), 1);
  clock.Advance(Duration::Seconds(30));
  for (uint32_t n = 100; n < 150; ++n) HandshakesUntilRefused(limits, Nth(n), 1);
  EXPECT_EQ(limits.addresses(), 51u) << "the connected and the new ones";
  EXPECT_EQ(limits.forgotten_full(), 0);
}

TEST_F(AddressLimitsTest, AFullTableForgetsWhoHasBeenIdleForLongestAndHoldsNothing) {
  AddressLimits limits({.max_connections_per_address = 1, .handshake_burst = 1}, clock);
  const auto held = Connect(limits, "198.51.100.1");
  uint32_t n = 0;
  while (limits.addresses() < AddressTable::kMaxAddresses) {
    ASSERT_EQ(HandshakesUntilRefused(limits, Nth(n++), 1), 1);
  }
  EXPECT_EQ(HandshakesUntilRefused(limits, Nth(0)), 0)
      << "used again, so that it is not the idlest";
  EXPECT_EQ(HandshakesUntilRefused(limits, Nth(n)), 1) << "nobody's burst is whole again";
  EXPECT_EQ(HandshakesUntilRefused(limits, Nth(n + 1)), 1);
  EXPECT_EQ(limits.addresses(), AddressTable::kMaxAddresses);
  EXPECT_EQ(limits.forgotten_full(), 2);
  EXPECT_EQ(limits.refused(RefusedBecause::kAddressTable), 0);
  EXPECT_FALSE(limits.WouldAdmit(Nth(0)));
  EXPECT_TRUE(limits.WouldAdmit(Nth(1)) && limits.WouldAdmit(Nth(2))) << "the two forgotten";
  EXPECT_FALSE(limits.WouldAdmit(Nth(3)));
  EXPECT_FALSE(Connect(limits, "198.51.100.1")) << "the oldest of all, but it holds something";
}

TEST_F(AddressLimitsTest, ATableOfThoseWhoHoldSomethingIsFull) {
  AddressLimits limits({}, clock);
  for (uint32_t n = 0; n < AddressTable::kMaxAddresses; ++n) ASSERT_TRUE(limits.Admit(Nth(n)));
  EXPECT_FALSE(limits.Admit(Nth(AddressTable::kMaxAddresses)));
  EXPECT_FALSE(limits.TakeRequest(AddressKey::Of(Nth(AddressTable::kMaxAddresses))));
  EXPECT_EQ(limits.refused(RefusedBecause::kAddressTable), 2);
  EXPECT_TRUE(limits.Admit(Nth(0))) << "who is known is not harmed";
  limits.Release(Nth(7));
  EXPECT_TRUE(limits.Admit(Nth(AddressTable::kMaxAddresses)));
}

TEST_F(AddressLimitsTest, WhoHasAWholeNetworkTakesItsOwnPlacesAlone) {
  AddressLimits limits({.handshake_burst = 1}, clock);
  const address neighbour = make_address("2001:db8:2::1");
  EXPECT_EQ(HandshakesUntilRefused(limits, neighbour), 1);
  for (uint32_t n = 0; n < AddressTable::kMaxAddresses; ++n) {
    ASSERT_EQ(HandshakesUntilRefused(limits, OfNetwork(n), 1), 1);
  }
  EXPECT_EQ(limits.addresses(), AddressTable::kMaxAddressesOfNetwork + 1);
  EXPECT_FALSE(limits.WouldAdmit(neighbour)) << "is known";
  EXPECT_FALSE(limits.WouldAdmit(OfNetwork(AddressTable::kMaxAddresses - 1)));
  EXPECT_TRUE(limits.WouldAdmit(OfNetwork(0))) << "its idlest was forgotten";
  EXPECT_EQ(limits.forgotten_network(),
            AddressTable::kMaxAddresses - AddressTable::kMaxAddressesOfNetwork);
  EXPECT_EQ(limits.forgotten_full(), 0);
}

TEST_F(AddressLimitsTest, ANetworkWhoseAddressesHoldSomethingRefusesItsOwnAlone) {
  AddressLimits limits({}, clock);
  for (uint32_t n = 0; n < AddressTable::kMaxAddressesOfNetwork; ++n) {
    ASSERT_TRUE(limits.Admit(OfNetwork(n)));
  }
  EXPECT_FALSE(limits.Admit(OfNetwork(AddressTable::kMaxAddressesOfNetwork)));
  EXPECT_EQ(limits.refused(RefusedBecause::kAddressTable), 1);
  EXPECT_TRUE(limits.Admit(make_address("2001:db8:2::1")));
  EXPECT_TRUE(limits.Admit(make_address("192.0.2.1")));
}

TEST_F(AddressLimitsTest, AFullTableOfNetworksForgetsTheIdlestOfAnyOfThem) {
  AddressLimits limits({.handshake_burst = 1}, clock);
  // Each of a network of its own: the one that gives way takes its network along.
  const auto nth = [](uint32_t n) {
    boost::asio::ip::address_v6::bytes_type bytes{0x20, 1};
    for (int i = 0; i < 4; ++i) bytes[2 + i] = static_cast<uint8_t>(n >> (8 * i));
    return address(boost::asio::ip::address_v6(bytes));
  };
  for (uint32_t n = 0; n < AddressTable::kMaxAddresses + 10; ++n) {
    ASSERT_EQ(HandshakesUntilRefused(limits, nth(n), 1), 1);
  }
  EXPECT_EQ(limits.addresses(), AddressTable::kMaxAddresses);
  EXPECT_TRUE(limits.WouldAdmit(nth(9)));
  EXPECT_FALSE(limits.WouldAdmit(nth(10)));
}

TEST_F(AddressLimitsTest, CountsRightlyFromManyThreads) {
  AddressLimits limits({.max_connections = 50, .max_connections_per_address = 50}, clock);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&limits] {
      for (int round = 0; round < 500; ++round) {
        std::vector<std::optional<AddressLimits::Slot>> slots;
        for (int k = 0; k < 20; ++k) slots.push_back(Connect(limits, "192.0.2.1"));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(limits.connections(), 0u);
  std::vector<std::optional<AddressLimits::Slot>> slots;
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(slots.emplace_back(Connect(limits, "192.0.2.1")));
}

}  // namespace
}  // namespace ferry::gateway
