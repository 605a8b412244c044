#include <gtest/gtest.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

#include "net/quic/testing/quic_peer.h"

namespace ferry::net::testing {
namespace {

using QuicConnectionTest = QuicTest;

size_t longest_run;  // packets of one GSO run

int SendAndCount(int fd, mmsghdr* messages, unsigned count, int flags) {
  for (unsigned i = 0; i < count; ++i) {
    msghdr& message = messages[i].msg_hdr;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_type != UDP_SEGMENT) continue;
      uint16_t segment = 0;
      std::memcpy(&segment, CMSG_DATA(c), sizeof(segment));
      longest_run = std::max(longest_run, (message.msg_iov->iov_len + segment - 1) / segment);
    }
  }
  return ::sendmmsg(fd, messages, count, flags);
}

TEST_F(QuicConnectionTest, CarriesStreamsAndDatagramsBothWays) {
  StartServer();
  Client client = ConnectReady();
  EXPECT_GE(client->connection->max_datagram_size(), 1150u);
  EXPECT_TRUE(Echoes(client, "a datagram"));
  const auto stream = client->connection->OpenBidi();
  ASSERT_TRUE(stream);
  ASSERT_TRUE(client->Write(*stream, "some ", false));
  ASSERT_TRUE(client->Write(*stream, "bytes", true));
  ASSERT_TRUE(Until([&] { return client->finished[*stream]; }));
  EXPECT_EQ(client->received[*stream], "some bytes");
  ASSERT_TRUE(Until([&] { return client->streams_closed == 1; }));
  EXPECT_EQ(counters.handshakes.value(), 1u);
}

TEST_F(QuicConnectionTest, SendsTheServersFirstBytesWithTheHandshake) {
  StartServer();
  Client client = Connect();
  ASSERT_TRUE(Until([&] { return !sessions.empty() && sessions[0]->ready; }));
  EXPECT_EQ(counters.handshakes.value(), 0u);  // not done yet, and yet it may send
  const auto stream = sessions[0]->connection->OpenUni();
  ASSERT_TRUE(stream);
  ASSERT_TRUE(sessions[0]->Write(*stream, "early"));
  EXPECT_TRUE(Until([&] { return client->received[*stream] == "early"; }));
}

TEST_F(QuicConnectionTest, CarriesFourMebibytesThroughABoundedSendBuffer) {
  StartServer();
  Client client = ConnectReady();
  const auto stream = client->connection->OpenUni();
  ASSERT_TRUE(stream);
  const size_t total = 4 << 20;
  std::string sent;
  for (size_t i = 0; i < total; ++i) sent.push_back(static_cast<char>(i * 7 + (i >> 12)));
  size_t at = 0;
  size_t writable = 0;
  size_t refusals = 0;
  const auto pump = [&] {
    while (at < total && (refusals == 0 || client->writable > writable || at == 0)) {
      const size_t piece = std::min<size_t>(50'000, total - at);
      writable = client->writable;
      if (!client->Write(*stream, std::string_view(sent).substr(at, piece), at + piece == total)) {
        ++refusals;
        break;
      }
      refusals = 0;
      at += piece;
    }
    return sessions.size() == 1 && sessions[0]->finished[*stream];
  };
  ASSERT_TRUE(Until(pump));
  EXPECT_TRUE(sessions[0]->received[*stream] == sent);
  EXPECT_GT(client->writable, 10u);
}

TEST_F(QuicConnectionTest, TellsResetsAndStops) {
  StartServer();
  Client client = ConnectReady();
  const auto stream = client->connection->OpenBidi();
  ASSERT_TRUE(stream);
  ASSERT_TRUE(client->Write(*stream, "x"));
  ASSERT_TRUE(Until([&] { return client->received[*stream] == "x"; }));
  client->connection->ResetStream(*stream, 17);
  client->connection->StopSending(*stream, 18);
  ASSERT_TRUE(Until([&] { return sessions[0]->stops.contains(*stream); }));
  EXPECT_EQ(sessions[0]->resets[*stream], 17u);
  EXPECT_EQ(sessions[0]->stops[*stream], 18u);
  EXPECT_FALSE(client->Write(*stream, "more"));
}

TEST_F(QuicConnectionTest, ClosesWithCodeAndReasonEitherWay) {
  StartServer();
  Client client = ConnectReady();
  ASSERT_TRUE(Echoes(client, "x"));
  client->connection->Close(0x101, "enough");
  ASSERT_TRUE(Until([&] { return sessions[0]->end && client->end; }));
  EXPECT_TRUE(sessions[0]->end->clean);
  EXPECT_EQ(sessions[0]->end->code, 0x101);
  EXPECT_EQ(sessions[0]->end->reason, "enough");
  EXPECT_TRUE(client->end->clean);
  EXPECT_EQ(client->end->code, 0);  // the other side's

  Client second = ConnectReady();
  ASSERT_TRUE(Echoes(second, "x"));
  sessions[1]->connection->Close(7, "go");
  ASSERT_TRUE(Until([&] { return sessions[1]->end && second->end; }));
  EXPECT_EQ(second->end->code, 7);
  EXPECT_EQ(second->end->reason, "go");
  // Both are forgotten when no packet of theirs can come any more.
  EXPECT_TRUE(Until([&] { return server->endpoint().connections() == 0; }));
}

TEST_F(QuicConnectionTest, AnAbortSaysNothing) {
  QuicConfig brief;
  brief.idle_timeout = Duration::Millis(300);
  StartServer(brief);
  Client client = ConnectReady(brief);
  ASSERT_TRUE(Echoes(client, "x"));
  sessions[0]->connection->Abort();
  EXPECT_FALSE(sessions[0]->end);  // not from within
  ASSERT_TRUE(Until([&] { return sessions[0]->end.has_value(); }));
  EXPECT_FALSE(sessions[0]->end->clean);
  ASSERT_TRUE(Until([&] { return client->end.has_value(); }));  // silence
  EXPECT_FALSE(client->end->clean);
}

TEST_F(QuicConnectionTest, RefusesAnOversizedDatagramAloneAndCountsIt) {
  StartServer();
  Client client = ConnectReady();
  ASSERT_TRUE(Echoes(client, "before"));
  client->Send(std::string(client->connection->max_datagram_size() + 1, 'x'));
  EXPECT_TRUE(Echoes(client, "after"));
  EXPECT_EQ(client.client->counters().datagrams_oversized.value(), 1u);
  const std::string largest(client->connection->max_datagram_size(), 'y');
  EXPECT_TRUE(Echoes(client, largest));
}

TEST_F(QuicConnectionTest, GivesDatagramsNoMoreThanTheWindowAndKeepsTheirOrder) {
  StartServer();
  Client client = ConnectReady();
  for (int i = 0; i < 2000; ++i) {
    client->Send(std::to_string(i) + std::string(1000, 'x'));
  }
  ASSERT_TRUE(Until([&] { return client->to_send.empty() && client->datagrams.size() >= 1900; }));
  int last = -1;
  for (const auto& datagram : client->datagrams) {
    const int number = std::stoi(datagram);
    EXPECT_GT(number, last);
    last = number;
  }
}

TEST_F(QuicConnectionTest, SendsAFrameInOneRunThoughItsFirstPacketCarriesAnAcknowledgement) {
  StartServer();
  Client client = ConnectReady();
  ASSERT_TRUE(Echoes(client, "x"));
  longest_run = 0;
  server->endpoint().socket().SetSendFunctionForTesting(SendAndCount);
  const std::string packet(1000, 'x');
  for (int i = 0; i < 6; ++i) sessions[0]->to_send.push_back(packet);
  // Two packets are acknowledged at once, with the first of the eight that go back.
  client->Send(packet);
  client->Send(packet);
  ASSERT_TRUE(Until([&] { return client->datagrams.size() == 1 + 8; }));
  EXPECT_GE(longest_run, 7u);
}

TEST_F(QuicConnectionTest, FollowsAClientThatChangesItsPort) {
  StartServer();
  Client client = ConnectReady();
  ASSERT_TRUE(Echoes(client, "before"));
  EXPECT_EQ(sessions[0]->connection->remote_address(), "127.0.0.1");
  ASSERT_TRUE(client.client->Rebind());
  EXPECT_TRUE(Echoes(client, "after"));
  EXPECT_EQ(sessions.size(), 1u);
}

TEST_F(QuicConnectionTest, LimitsTheStreamsThatAClientHasOpen) {
  QuicConfig config;
  config.max_bidi_streams = 3;
  StartServer(config);
  Client client = ConnectReady();
  std::vector<int64_t> streams;
  while (const auto stream = client->connection->OpenBidi()) streams.push_back(*stream);
  ASSERT_EQ(streams.size(), 3u);
  client->credit = false;
  ASSERT_TRUE(client->Write(streams[0], "bye", true));
  EXPECT_TRUE(Until([&] { return client->credit; }));  // one ended, one more allowed
  EXPECT_TRUE(client->connection->OpenBidi());
}

TEST_F(QuicConnectionTest, EndsAfterSilence) {
  QuicConfig brief;
  brief.idle_timeout = Duration::Millis(200);
  StartServer(brief);
  Client client = ConnectReady();
  ASSERT_TRUE(Echoes(client, "x"));
  ASSERT_TRUE(Until([&] { return sessions[0]->end && client->end; }));
  EXPECT_FALSE(sessions[0]->end->clean);
  EXPECT_EQ(counters.idle_timeouts.value(), 1u);
}

}  // namespace
}  // namespace ferry::net::testing
