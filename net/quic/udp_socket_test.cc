#include "net/quic/udp_socket.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/udp.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <numeric>
#include <utility>

namespace ferry::net {
namespace {

using boost::asio::ip::udp;

// What was handed to the kernel: the bytes of each message, its segment size (0: none), and the
// addresses that it names to be sent from.
struct Sent {
  size_t bytes;
  size_t segment;
  std::vector<std::string> from{};
  bool operator==(const Sent&) const = default;
};
std::vector<Sent> sent;
int calls = 0;
int fail_with = 0;       // errno of every call
int fail_segmented = 0;  // errno of calls whose first message is segmented
unsigned take_at_most = 1000;

size_t Segment(const msghdr& message) {
  if (message.msg_control == nullptr) return 0;
  auto* header = const_cast<msghdr*>(&message);
  for (cmsghdr* c = CMSG_FIRSTHDR(header); c != nullptr; c = CMSG_NXTHDR(header, c)) {
    if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_SEGMENT) continue;
    uint16_t segment = 0;
    std::memcpy(&segment, CMSG_DATA(c), sizeof(segment));
    return segment;
  }
  return 0;
}

std::vector<std::string> Sources(const msghdr& message) {
  std::vector<std::string> sources;
  if (message.msg_control == nullptr) return sources;
  auto* header = const_cast<msghdr*>(&message);
  for (cmsghdr* c = CMSG_FIRSTHDR(header); c != nullptr; c = CMSG_NXTHDR(header, c)) {
    if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO) continue;
    in_pktinfo source;
    std::memcpy(&source, CMSG_DATA(c), sizeof(source));
    sources.push_back(boost::asio::ip::address_v4(ntohl(source.ipi_spec_dst.s_addr)).to_string());
  }
  return sources;
}

int FakeSend(int, mmsghdr* messages, unsigned count, int) {
  ++calls;
  const size_t first = Segment(messages[0].msg_hdr);
  const int error = fail_with != 0 ? fail_with : first != 0 ? fail_segmented : 0;
  if (error != 0) {
    errno = error;
    return -1;
  }
  count = std::min(count, take_at_most);
  for (unsigned i = 0; i < count; ++i) {
    const msghdr& message = messages[i].msg_hdr;
    sent.push_back({message.msg_iov->iov_len, Segment(message), Sources(message)});
  }
  return static_cast<int>(count);
}

class UdpSocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    sent.clear();
    calls = fail_with = fail_segmented = 0;
    take_at_most = 1000;
    auto opened = UdpSocket::Open(io, Loopback(0), {.tells_local = true}, counters);
    ASSERT_TRUE(opened);
    socket = std::move(*opened);
    socket->SetSendFunctionForTesting(FakeSend);
  }
  static udp::endpoint Loopback(uint16_t port) {
    return {boost::asio::ip::make_address("127.0.0.1"), port};
  }
  void Put(size_t size, uint16_t port = 1, uint8_t ecn = 0) {
    ASSERT_GE(socket->Reserve().size(), size);
    socket->Commit(size, {socket->local_address(), UdpAddress::From(Loopback(port))}, ecn);
  }

  boost::asio::io_context io{1};
  QuicCounters counters;
  std::unique_ptr<UdpSocket> socket;
};

TEST_F(UdpSocketTest, GathersPacketsOfOneSizeAndAShorterLastIntoRuns) {
  for (int i = 0; i < 3; ++i) Put(1200);
  Put(700);   // ends the run
  Put(700);   // the next
  Put(1200);  // larger: another
  Put(1200, 2);
  Put(1200, 2, 1);  // marked otherwise
  EXPECT_TRUE(socket->Flush());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(sent, (std::vector<Sent>{{4300, 1200}, {700, 0}, {1200, 0}, {1200, 0}, {1200, 0}}));
  EXPECT_EQ(counters.packets_out.value(), 8u);
}

TEST_F(UdpSocketTest, KeepsRunsWithinTheKernelsLimits) {
  for (int i = 0; i < 100; ++i) Put(100);
  for (int i = 0; i < 50; ++i) Put(1472);
  EXPECT_TRUE(socket->Flush());
  for (const Sent& run : sent) {
    EXPECT_LE(run.bytes, UdpSocket::kMaxRunBytes);
    EXPECT_LE(run.bytes, UdpSocket::kMaxSegments * std::max<size_t>(run.segment, 1));
  }
  const size_t bytes = std::accumulate(sent.begin(), sent.end(), size_t{0},
                                       [](size_t sum, const Sent& s) { return sum + s.bytes; });
  EXPECT_EQ(bytes, 100u * 100 + 50 * 1472);
}

TEST_F(UdpSocketTest, KeepsWhatTheKernelHasNoRoomFor) {
  Put(1200);
  Put(300, 2);
  fail_with = EAGAIN;
  EXPECT_FALSE(socket->Flush());
  EXPECT_TRUE(socket->Reserve().empty());
  EXPECT_EQ(counters.send_blocked.value(), 1u);
  fail_with = 0;
  take_at_most = 1;
  EXPECT_TRUE(socket->Flush());
  EXPECT_EQ(sent, (std::vector<Sent>{{1200, 0}, {300, 0}}));
  EXPECT_FALSE(socket->Reserve().empty());
}

TEST_F(UdpSocketTest, SendsPacketByPacketWhereTheDeviceCannotSegment) {
  for (int i = 0; i < 3; ++i) Put(1000);
  Put(500);
  fail_segmented = EIO;
  EXPECT_TRUE(socket->Flush());
  EXPECT_EQ(sent, (std::vector<Sent>{{1000, 0}, {1000, 0}, {1000, 0}, {500, 0}}));
  EXPECT_EQ(counters.gso_fallbacks.value(), 1u);
}

TEST_F(UdpSocketTest, LosesOnlyWhatTheKernelRefuses) {
  Put(1400);
  fail_with = EMSGSIZE;
  EXPECT_TRUE(socket->Flush());
  EXPECT_EQ(counters.send_errors.value(), 1u);
  fail_with = 0;
  Put(1200);
  EXPECT_TRUE(socket->Flush());
  EXPECT_EQ(sent, (std::vector<Sent>{{1200, 0}}));
}

TEST_F(UdpSocketTest, ReceivesThePacketsOfARunOneByOneWithTheirSender) {
  struct Sink final : UdpPacketSink {
    void OnPacket(ByteSpan packet, const UdpPath& path, uint8_t ecn) override {
      packets.emplace_back(packet.begin(), packet.end());
      address = path.remote.Text();
      EXPECT_EQ(path.local.size, 0u) << "not asked for";
      marks.push_back(ecn);
    }
    std::vector<std::string> packets;
    std::vector<uint8_t> marks;
    std::string address;
  };
  // Both families by one socket.
  auto opened = UdpSocket::Open(io, udp::endpoint(udp::v6(), 0), {}, counters);
  if (!opened) GTEST_SKIP() << "a host without IPv6: " << opened.error().message;
  UdpSocket& receiver = **opened;
  socket->SetSendFunctionForTesting(&::sendmmsg);
  for (int i = 0; i < 5; ++i) {
    const MutableByteSpan room = socket->Reserve();
    std::ranges::fill(room, static_cast<uint8_t>('a' + i));
    const uint16_t port = receiver.local_address().port();
    socket->Commit(i < 4 ? 1200 : 17, {{}, UdpAddress::From(Loopback(port))}, 2);
  }
  EXPECT_TRUE(socket->Flush());
  Sink sink;
  receiver.socket().async_wait(udp::socket::wait_read,
                               [&](const auto&) { receiver.Receive(sink); });
  io.run_for(std::chrono::seconds(5));
  ASSERT_EQ(sink.packets.size(), 5u);
  EXPECT_EQ(sink.packets[1], std::string(1200, 'b'));
  EXPECT_EQ(sink.packets[4], std::string(17, 'e'));
  EXPECT_EQ(sink.address, "127.0.0.1");
  EXPECT_EQ(sink.marks, std::vector<uint8_t>(5, 2));
}

TEST_F(UdpSocketTest, NamesTheAddressToSendFromOnceARun) {
  auto opened = UdpSocket::Open(io, udp::endpoint(udp::v4(), 0), {.tells_local = true}, counters);
  ASSERT_TRUE(opened);
  UdpSocket& any = **opened;
  any.SetSendFunctionForTesting(FakeSend);
  const auto put = [&](const char* from) {
    UdpPath path{any.local_address(), UdpAddress::From(Loopback(1))};
    path.local.v4.sin_addr.s_addr = inet_addr(from);
    ASSERT_FALSE(any.Reserve().empty());
    any.Commit(1200, path, 1);
  };
  for (int i = 0; i < 3; ++i) put("127.0.0.2");
  put("127.0.0.3");
  EXPECT_TRUE(any.Flush());
  EXPECT_EQ(sent, (std::vector<Sent>{{3600, 1200, {"127.0.0.2"}}, {1200, 0, {"127.0.0.3"}}}));
  sent.clear();
  Put(1200);  // bound to one address
  EXPECT_TRUE(socket->Flush());
  EXPECT_EQ(sent, (std::vector<Sent>{{1200, 0, {}}}));
}

// What arrives goes back the way it came, marked.
struct Reflector final : UdpPacketSink {
  explicit Reflector(UdpSocket& its_socket) : socket(its_socket) {}
  void OnPacket(ByteSpan packet, const UdpPath& path, uint8_t) override {
    local = path.local.Text();
    const MutableByteSpan room = socket.Reserve();
    ASSERT_GE(room.size(), packet.size());
    std::ranges::copy(packet, room.begin());
    socket.Commit(packet.size(), path, 1);
    EXPECT_TRUE(socket.Flush());
  }
  UdpSocket& socket;
  std::string local;
};

class UdpSocketPathTest : public UdpSocketTest {
 protected:
  // Of a socket bound to any address of the family: whom the answer is from that a client gets who
  // has sent to `address`, and where the socket was told that it was sent to.
  std::pair<std::string, std::string> AnswerTo(udp family, const char* address) {
    auto opened = UdpSocket::Open(io, udp::endpoint(family, 0), {.tells_local = true}, counters);
    if (!opened) return {"cannot listen", opened.error().message};
    UdpSocket& reflecting = **opened;
    Reflector reflector(reflecting);
    const auto ip = boost::asio::ip::make_address(address);
    udp::socket client(io, udp::endpoint(ip.is_v4() ? udp::v4() : udp::v6(), 0));
    const std::string packet = "to and fro";
    client.send_to(boost::asio::buffer(packet), {ip, reflecting.local_address().port()});
    reflecting.socket().async_wait(udp::socket::wait_read,
                                   [&](const auto&) { reflecting.Receive(reflector); });
    std::array<char, 100> buffer{};
    udp::endpoint from;
    client.async_receive_from(boost::asio::buffer(buffer), from, [&](const auto& error, size_t n) {
      if (error) return;
      EXPECT_EQ(std::string(buffer.data(), n), packet);
      io.stop();
    });
    io.restart();
    io.run_for(std::chrono::seconds(5));
    return {from.address().to_string(), reflector.local};
  }
};

TEST_F(UdpSocketPathTest, AnswersFromTheAddressThatWasSentTo) {
  const auto from = [](const char* address) {
    return std::pair<std::string, std::string>(address, address);
  };
  for (const char* address : {"127.0.0.1", "127.0.0.2"}) {
    EXPECT_EQ(AnswerTo(udp::v4(), address), from(address));
  }
  const auto v6 = UdpSocket::Open(io, udp::endpoint(udp::v6(), 0), {}, counters);
  if (!v6 || (*v6)->local_address().any.sa_family != AF_INET6) GTEST_SKIP() << "no IPv6 here";
  for (const char* address : {"127.0.0.1", "127.0.0.2", "::1"}) {
    EXPECT_EQ(AnswerTo(udp::v6(), address), from(address));
  }
}

}  // namespace
}  // namespace ferry::net
