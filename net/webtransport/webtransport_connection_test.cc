#include "net/webtransport/webtransport_connection.h"

#include <gtest/gtest.h>

#include "net/webtransport/testing/webtransport_fixture.h"

namespace ferry::net::testing {
namespace {

using WebTransportConnectionTest = WebTransportTest;

TEST_F(WebTransportConnectionTest, CarriesControlAndMediaBothWays) {
  Start();
  const auto client = Connect();
  ASSERT_TRUE(client->client) << client->error;
  EXPECT_TRUE(EchoesControl(*client, "{\"type\":\"ping\"}"));
  EXPECT_TRUE(EchoesMedia(*client, std::string(1150, 'm')));
  EXPECT_EQ(sessions[0]->connection->transport(), TransportKind::kWebTransport);
  EXPECT_FALSE(sessions[0]->connection->reliable());
  EXPECT_EQ(sessions[0]->connection->remote_address(), "127.0.0.1");
  EXPECT_EQ(counters.handshakes.value(), 1u);
}

TEST_F(WebTransportConnectionTest, CarriesFourMebibytesOfControlMessagesBothWays) {
  Start();
  const auto client = Connect();
  std::vector<std::string> sent;
  for (size_t i = 0; i < 64; ++i) {
    sent.push_back(std::to_string(i) + std::string(kMaxControlBytes - 100, 'c'));
    client->log->Send(true, sent.back());
  }
  ASSERT_TRUE(Until([&] { return client->log->control.size() == sent.size(); }));
  EXPECT_TRUE(client->log->control == sent);
}

TEST_F(WebTransportConnectionTest, ClosesWithCodeAfterTheLastControlMessage) {
  Start();
  const auto client = Connect();
  ASSERT_TRUE(EchoesControl(*client, "hello"));
  for (int i = 0; i < 100; ++i) sessions[0]->Send(true, std::string(1000, 'x'));
  sessions[0]->Send(true, "the last");
  sessions[0]->Send(false, "media that is too late");
  sessions[0]->Close(4006, "refused");
  EXPECT_FALSE(sessions[0]->end);  // not from within
  ASSERT_TRUE(Until([&] { return client->log->end.has_value(); }));
  EXPECT_EQ(client->log->control.size(), 102u);
  EXPECT_EQ(client->log->control.back(), "the last");
  EXPECT_TRUE(client->log->media.empty());
  EXPECT_TRUE(client->log->end->clean);
  EXPECT_EQ(client->log->end->code, 4006);
  ASSERT_TRUE(Until([&] { return sessions[0]->end.has_value() && !client->running; }));
  EXPECT_TRUE(sessions[0]->end->clean);
}

TEST_F(WebTransportConnectionTest, TellsTheServerTheClientsCode) {
  Start();
  const auto client = Connect();
  ASSERT_TRUE(EchoesControl(*client, "hello"));
  client->log->Send(true, "bye");
  client->log->Close(1000, "leaving");
  ASSERT_TRUE(Until([&] { return sessions[0]->end.has_value(); }));
  EXPECT_TRUE(sessions[0]->end->clean);
  EXPECT_EQ(sessions[0]->end->code, 1000);
  EXPECT_EQ(sessions[0]->control.back(), "bye");
  ASSERT_TRUE(Until([&] { return client->log->end.has_value(); }));
  EXPECT_TRUE(client->log->end->clean);
}

TEST_F(WebTransportConnectionTest, TellsOfAPageThatIsClosedAsGoingAway) {
  Start();
  const auto page = Connect();
  ASSERT_TRUE(EchoesControl(*page, "hello"));
  page->log->Close(0, "");
  ASSERT_TRUE(Until([&] { return sessions[0]->end.has_value(); }));
  EXPECT_TRUE(sessions[0]->end->clean);
  EXPECT_EQ(sessions[0]->end->code, 1001);
  // A browser that closes the whole connection instead.
  const auto browser = Connect();
  ASSERT_TRUE(EchoesControl(*browser, "hello"));
  browser->client->quic().endpoint().CloseAll(0x100, "");
  ASSERT_TRUE(Until([&] { return sessions[1]->end.has_value(); }));
  EXPECT_TRUE(sessions[1]->end->clean);
  EXPECT_EQ(sessions[1]->end->code, 1001);
  // An error of it is a lost connection.
  const auto failed = Connect();
  ASSERT_TRUE(EchoesControl(*failed, "hello"));
  failed->client->quic().endpoint().CloseAll(0x101, "");
  ASSERT_TRUE(Until([&] { return sessions[2]->end.has_value(); }));
  EXPECT_FALSE(sessions[2]->end->clean);
}

TEST_F(WebTransportConnectionTest, AnAbortEndsOneSideAtOnce) {
  Start();
  const auto client = Connect();
  ASSERT_TRUE(EchoesControl(*client, "hello"));
  sessions[0]->connection->Abort();
  EXPECT_FALSE(sessions[0]->end);
  ASSERT_TRUE(Until([&] { return sessions[0]->end.has_value(); }));
  EXPECT_FALSE(sessions[0]->end->clean);
  // The client learns of it by a stateless reset when it says something next.
  client->log->Send(true, "anybody there?");
  ASSERT_TRUE(Until([&] { return client->log->end.has_value(); }));
  EXPECT_FALSE(client->log->end->clean);
  EXPECT_GE(counters.resets.value(), 1u);
}

TEST_F(WebTransportConnectionTest, RefusesOtherPathsAndOrigins) {
  auto setup = MakeSetup();
  setup.allows_origin = [](std::string_view) { return false; };  // what is no browser has none
  Start(std::move(setup));
  const auto other = Connect(Pinned(), "/elsewhere");
  EXPECT_FALSE(other->client);
  EXPECT_NE(other->error.find("404"), std::string::npos) << other->error;
  const auto query = Connect(Pinned(), "/rtc/v1?x=1");
  EXPECT_TRUE(query->client) << query->error;
  EXPECT_EQ(sessions.size(), 1u);
}

TEST_F(WebTransportConnectionTest, RefusesACertificateThatIsNotPinned) {
  Start();
  TlsOptions other;
  other.pinned = {CertificateHash{1, 2, 3}};
  EXPECT_FALSE(Connect(other)->client);
  EXPECT_FALSE(Connect(TlsOptions{})->client);  // no authority has signed it
  TlsOptions insecure;
  insecure.insecure = true;
  EXPECT_TRUE(Connect(insecure)->client);
}

TEST_F(WebTransportConnectionTest, GivesNewConnectionsTheNewCertificate) {
  Start();
  const auto before = Connect();
  ASSERT_TRUE(before->client);
  const TestCertificate next = MakeTestCertificate();
  tls->Set(ServerContext(next));
  EXPECT_FALSE(Connect()->client);  // pins the old one
  TlsOptions options;
  options.pinned = {next.hash};
  EXPECT_TRUE(Connect(options)->client);
  EXPECT_TRUE(EchoesMedia(*before, "still here"));
}

TEST_F(WebTransportConnectionTest, DropsAnOversizedMediaPacketAloneAndCountsIt) {
  Start();
  const auto client = Connect();
  ASSERT_TRUE(EchoesControl(*client, "hello"));
  EXPECT_GE(sessions[0]->connection->max_media_bytes(), 1150u);
  EXPECT_LT(sessions[0]->connection->max_media_bytes(), 2000u);
  sessions[0]->Send(false, std::string(2000, 'x'));
  sessions[0]->Send(false, "after it");
  ASSERT_TRUE(Until([&] { return !client->log->media.empty(); }));
  EXPECT_EQ(client->log->media, std::vector<std::string>{"after it"});
  EXPECT_EQ(counters.datagrams_oversized.value(), 1u);
}

TEST_F(WebTransportConnectionTest, GoesOnAfterTheClientHasMovedToAnotherPort) {
  Start();
  const auto client = Connect();
  ASSERT_TRUE(EchoesMedia(*client, "before"));
  ASSERT_TRUE(client->client->Rebind());
  EXPECT_TRUE(EchoesMedia(*client, "after"));
  EXPECT_TRUE(EchoesControl(*client, "after"));
  EXPECT_EQ(sessions.size(), 1u);
}

TEST_F(WebTransportConnectionTest, StopsPullingWhileNobodyReadsAndGoesOnAfter) {
  echo = false;
  Start();
  const auto client = Connect();
  client->log->Send(true, "hello");
  ASSERT_TRUE(Until([&] { return !sessions.empty() && sessions[0]->control.size() == 1; }));
  // Without turning the loop nothing is acknowledged, so that the send buffer fills up.
  for (int i = 0; i < 100; ++i) sessions[0]->Send(true, std::string(60'000, 'x'));
  ASSERT_TRUE(Until([&] { return sessions[0]->pulled > 0; }));
  EXPECT_LE(sessions[0]->pulled, SendBuffer::kMaxBytes / 60'000 + 1);
  ASSERT_TRUE(Until([&] { return client->log->control.size() == 100; }));
}

TEST_F(WebTransportConnectionTest, WhatAHandlerThrowsEndsItsConnectionAlone) {
  Start();
  const auto bystander = Connect();
  for (const char* cause : {"throw", "throw at writing"}) {
    const auto client = Connect();
    client->log->Send(true, "hello");
    client->log->Send(false, cause);
    ASSERT_TRUE(Until([&] { return client->log->end.has_value(); }));
    EXPECT_FALSE(sessions.back()->end->clean);
    EXPECT_TRUE(EchoesMedia(*bystander, "unharmed"));
  }
  EXPECT_EQ(counters.handler_failures.value(), 2u);
}

}  // namespace
}  // namespace ferry::net::testing
