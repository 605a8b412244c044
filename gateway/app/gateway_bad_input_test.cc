// What unknown and misbehaving clients do over WebTransport ends them alone: somebody else's call
// in the same gateway goes on.
#include <gtest/gtest.h>

#include <boost/asio/ip/udp.hpp>
#include <initializer_list>
#include <random>
#include <string>

#include "gateway/app/gateway.h"
#include "gateway/testing/gateway_fixture.h"
#include "gateway/testing/media.h"
#include "net/h3/request.h"
#include "net/h3/stream_prefix.h"
#include "net/h3/testing/bytes.h"
#include "net/quic/testing/quic_peer.h"

namespace ferry::gateway {
namespace {

using net::ByteVector;
using net::Concat;
using net::Text;
using net::Tlv;
using net::Varints;
using nlohmann::json;

// HTTP/3's SETTINGS and streams, as a client would begin.
const ByteVector kSettings = Tlv(0x4, Varints({0x33, 1, 0x2b603742, 1}));
const ByteVector kControlStart = Concat({Varints({0x0}), kSettings});
ByteVector ConnectFrame() {
  return Tlv(0x1, net::EncodeConnect({.authority = "x", .path = "/rtc/v1"}));
}
// A client's own stream of the session on stream 0.
ByteVector SessionStream(const ByteVector& bytes) {
  ByteVector out;
  net::AppendWebTransportPrefix(out, false, 0);
  return Concat({out, bytes});
}
ByteVector Message(const json& message) {
  const std::string text = message.dump();
  return Concat({Varints({text.size()}), Text(text)});
}

class GatewayBadInputTest : public GatewayTest {
 protected:
  // A QUIC connection after its handshake, and nothing said yet.
  struct Raw {
    std::unique_ptr<net::QuicClient> quic;
    std::shared_ptr<net::testing::PeerLog> log = std::make_shared<net::testing::PeerLog>();

    bool ended() const { return log->connection == nullptr; }
    void Write(int64_t stream, const ByteVector& bytes, bool fin = false) const {
      if (!ended()) log->connection->Write(stream, bytes, fin);
    }
    // On a stream of its own; nullopt: none may be opened now.
    std::optional<int64_t> Say(bool unidirectional, const ByteVector& bytes,
                               bool fin = false) const {
      if (ended()) return std::nullopt;
      const auto stream = unidirectional ? log->connection->OpenUni() : log->connection->OpenBidi();
      if (stream) Write(*stream, bytes, fin);
      return stream;
    }
  };

  void SetUp() override {
    GatewayTest::SetUp();
    // Whoever is lost is gone soon.
    config.sessions.idle_timeout = Duration::Seconds(8);
    config.sessions.join_timeout = Duration::Seconds(3);
  }
  // With two who call each other, over either transport.
  void StartWithACall() {
    Start();
    ann = ConnectWebTransport();
    ASSERT_EQ(Ask(ann, JoinMessage("ann"))["type"], "ok");
    bob = Joined("bob");
    published = Publish(ann, "audio");
    Ask(bob, {{"type", "subscribe"}, {"streamId", published["streamId"]}});
  }
  ::testing::AssertionResult TheCallGoesOn() {
    for (const Client& client : {ann, bob}) {
      if (Ask(client, {{"type", "ping"}, {"timeMs", 1}})["type"] != "ok") {
        return ::testing::AssertionFailure() << "no answer to ping";
      }
    }
    bob->packets.clear();
    const bool heard = Until([&] {
      ann->SendBinary(testing::Bytes({.ssrc = published["ssrc"],
                                      .sequence = sequence++,
                                      .payload_type = rtp::kOpusPayloadType}));
      return !bob->packets.empty();
    });
    if (!heard) return ::testing::AssertionFailure() << "no media";
    if (ann->Has({{"type", "user-left"}}) || bob->Has({{"type", "user-left"}})) {
      return ::testing::AssertionFailure() << "somebody was lost";
    }
    return ::testing::AssertionSuccess();
  }

  Raw ConnectRaw() {
    Raw raw;
    net::TlsOptions tls;
    tls.insecure = true;
    auto begun = net::QuicClient::Connect(
        io, {asio::ip::make_address("127.0.0.1"), gateway->port()}, "127.0.0.1",
        net::QuicTlsContext::Client(tls).value(), {}, [&](net::QuicConnection& connection) {
          return std::make_shared<net::testing::QuicPeer>(connection, raw.log, false);
        });
    EXPECT_TRUE(begun);
    raw.quic = std::move(*begun);
    EXPECT_TRUE(Until([&] { return raw.log->ready || raw.log->end; }));
    return raw;
  }
  // With a WebTransport session on stream 0 and its control stream; the latter is returned.
  int64_t OpenSession(const Raw& raw, const ByteVector& control_start = kControlStart) {
    raw.Say(true, control_start);
    raw.Say(false, ConnectFrame());
    EXPECT_TRUE(Until([&] { return !raw.log->received[0].empty() || raw.ended(); }));
    const auto control = raw.Say(false, SessionStream({}));
    EXPECT_TRUE(control);
    return control.value_or(-1);
  }
  bool Answered(const Raw& raw, int64_t control) {
    raw.log->received[control].clear();
    raw.Write(control, Message({{"type", "ping"}, {"id", 7}, {"timeMs", 1}}));
    return Until([&] {
             return raw.log->received[control].find("serverTimeMs") != std::string::npos ||
                    raw.ended();
           }) &&
           !raw.ended();
  }
  ByteVector Garbage(size_t most) {
    ByteVector bytes(1 + random() % most);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    return bytes;
  }
  // Until every other client over WebTransport is gone; meanwhile the call goes on.
  bool OnlyTheCallIsLeft() {
    return Until([&] {
      io.restart();
      io.run_for(std::chrono::milliseconds(50));
      EXPECT_TRUE(TheCallGoesOn());
      return gateway->Total(&Metrics::webtransport_connections) == 1;
    });
  }

  Client ann;
  Client bob;
  json published;
  uint16_t sequence = 0;
  std::mt19937 random{5};
};

TEST_F(GatewayBadInputTest, RandomBytesOnTheUdpPort) {
  StartWithACall();
  asio::ip::udp::socket socket(io, asio::ip::udp::v4());
  const asio::ip::udp::endpoint port(asio::ip::address_v4::loopback(), gateway->port());
  for (int i = 0; i < 2000; ++i) {
    ByteVector bytes = Garbage(1400);
    // Some look like a first packet of version 1.
    if (i % 3 == 0) bytes = Concat({{0xC3, 0, 0, 0, 1, 8}, bytes});
    if (i % 30 == 0) bytes.resize(1200);
    socket.send_to(asio::buffer(bytes), port);
    if (i % 500 == 0) {
      ASSERT_TRUE(TheCallGoesOn());
    }
  }
  EXPECT_TRUE(TheCallGoesOn());
  EXPECT_TRUE(ConnectWebTransport()->open) << "and others are let in";
}

TEST_F(GatewayBadInputTest, GarbageOnEachKindOfStream) {
  StartWithACall();
  for (int round = 0; round < 5; ++round) {
    const Raw streams = ConnectRaw();  // before any HTTP/3
    for (int i = 0; i < 8; ++i) streams.Say(i % 2 == 0, Garbage(3000), i % 3 == 0);
    const Raw connect = ConnectRaw();  // on the CONNECT stream
    OpenSession(connect);
    connect.Write(0, Garbage(3000));
    const Raw control = ConnectRaw();  // on the session's control stream
    control.Write(OpenSession(control), Garbage(3000));
    for (const uint8_t kind : std::initializer_list<uint8_t>{0x0, 0x2, 0x3}) {  // on HTTP/3's own
      const Raw own = ConnectRaw();
      own.Say(true, Concat({{kind}, Garbage(3000)}));
    }
    const Raw datagrams = ConnectRaw();
    OpenSession(datagrams);
    for (int i = 0; i < 50; ++i) {
      const ByteVector bytes = Garbage(1000);
      datagrams.log->Send({bytes.begin(), bytes.end()});
    }
    EXPECT_TRUE(TheCallGoesOn());
  }
  EXPECT_TRUE(OnlyTheCallIsLeft());
  EXPECT_TRUE(TheCallGoesOn());
}

TEST_F(GatewayBadInputTest, UnknownSettingsFramesAndCapsulesAreSkipped) {
  StartWithACall();
  const Raw raw = ConnectRaw();
  const ByteVector settings =
      Tlv(0x4, Varints({0x21, 5, 0x33, 1, 0x2b603742, 1, 0x1f * 77 + 0x21, 1u << 29}));
  const int64_t control =
      OpenSession(raw, Concat({Varints({0x0}), settings, Tlv(0x1f * 3 + 0x21, Text("grease"))}));
  raw.Write(0, Tlv(0x1f * 5 + 0x21, Text("an unknown frame")));
  raw.Write(0, Tlv(0x0, Tlv(0x29 * 9 + 0x17, ByteVector(5000, 1))));
  EXPECT_TRUE(Answered(raw, control));
  EXPECT_TRUE(TheCallGoesOn());
}

TEST_F(GatewayBadInputTest, AClientThatOpensStreamsWithoutEnd) {
  StartWithACall();
  const Raw raw = ConnectRaw();
  const int64_t control = OpenSession(raw);
  ASSERT_TRUE(Answered(raw, control));
  ASSERT_TRUE(Until([&] {
    raw.Say(false, SessionStream(Text("what for?")));
    raw.Say(true, Concat({Varints({0x54, 0}), Text("and this?")}));
    return gateway->Total(&Metrics::webtransport_connections) == 1;
  }));
  EXPECT_TRUE(TheCallGoesOn());
}

TEST_F(GatewayBadInputTest, AClientThatNeverAcknowledgesMessages) {
  config.sessions.log.max_messages = 50;
  StartWithACall();
  const Client cid = ConnectWebTransport();
  ASSERT_EQ(Ask(cid, JoinMessage("cid"))["type"], "ok");
  for (int i = 0; i < 60 && !cid->closed; ++i) {
    Ask(bob, {{"type", "ping"}, {"timeMs", 1}, {"ack", bob->LastSequence()}});
    Ask(ann, {{"type", "ping"}, {"timeMs", 1}, {"ack", ann->LastSequence()}});
    Ask(cid, {{"type", "subscribe"}, {"streamId", published["streamId"]}});
  }
  EXPECT_TRUE(ClosesWith(cid, 4004));
  EXPECT_TRUE(Until([&] { return bob->Has({{"type", "user-left"}, {"userId", "cid"}}); }));
  bob->messages.clear();
  EXPECT_TRUE(Until([&] { return ann->Has({{"type", "user-left"}, {"userId", "cid"}}); }));
  ann->messages.clear();
  EXPECT_TRUE(TheCallGoesOn());
}

// Of QUIC's acknowledgements: its event loop stands still while media comes.
TEST_F(GatewayBadInputTest, AClientThatNeverAcknowledgesPackets) {
  config.sessions.idle_timeout = Duration::Seconds(4);
  StartWithACall();
  {
    asio::io_context elsewhere(1);
    const auto dead = testing::MakeWebTransportTestClient(elsewhere, gateway->port(), {});
    dead->Start();
    dead->Send(JoinMessage("dead"));
    dead->Send({{"type", "subscribe"}, {"id", 2}, {"streamId", published["streamId"]}});
    ASSERT_TRUE(Until([&] {
      elsewhere.poll();
      return dead->Has({{"id", 2}, {"type", "ok"}});
    }));
    ASSERT_TRUE(Until([&] { return bob->Has({{"type", "user-entered"}, {"userId", "dead"}}); }));
    ASSERT_TRUE(OnlyTheCallIsLeft());
  }
  EXPECT_EQ(gateway->Total(&Metrics::sessions_in_grace), 1) << "it may come back";
  EXPECT_TRUE(TheCallGoesOn());
}

TEST_F(GatewayBadInputTest, AForgedTokenTouchesNobodysSession) {
  StartWithACall();
  const Client cid = ConnectWebTransport();
  const std::string token = Ask(cid, JoinMessage("cid"))["resumeToken"];
  // The session's name is right, its secret is not.
  std::string forged = token;
  forged.back() = forged.back() == 'A' ? 'B' : 'A';
  for (const std::string& shown : {forged, token.substr(0, token.find('.')), std::string("x.y")}) {
    const Client thief = ConnectWebTransport();
    thief->Send({{"type", "resume"}, {"id", 1}, {"version", 1}, {"token", shown}, {"ack", 0}});
    EXPECT_TRUE(ClosesWith(thief, 4007));
    EXPECT_TRUE(thief->Has({{"type", "error"}, {"id", 1}, {"code", 20016}}));
  }
  EXPECT_EQ(Ask(cid, {{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
  EXPECT_FALSE(cid->closed);
  EXPECT_TRUE(TheCallGoesOn());
}

TEST_F(GatewayBadInputTest, AReplayedTokenTouchesNobodysSession) {
  StartWithACall();
  const Client cid = ConnectWebTransport();
  const std::string token = Ask(cid, JoinMessage("cid"))["resumeToken"];
  const Client again = ConnectWebTransport();
  const json resume = {{"type", "resume"}, {"version", 1}, {"token", token}, {"ack", 0}};
  ASSERT_EQ(Ask(again, resume)["type"], "ok");
  EXPECT_TRUE(ClosesWith(cid, 4008));
  // From its first acknowledgement on only the new token counts.
  ASSERT_EQ(Publish(again, "audio")["type"], "ok");
  Ask(again, {{"type", "ping"}, {"timeMs", 1}, {"ack", again->LastSequence()}});
  const Client thief = ConnectWebTransport();
  thief->Send({{"type", "resume"}, {"id", 1}, {"version", 1}, {"token", token}, {"ack", 0}});
  EXPECT_TRUE(ClosesWith(thief, 4007));
  EXPECT_FALSE(again->closed);
  EXPECT_EQ(Ask(again, {{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
  EXPECT_TRUE(TheCallGoesOn());
}

// Browsers end the sessions of a page that is closed with code 0.
TEST_F(GatewayBadInputTest, AClosedPageLeavesAtOnceAndALostConnectionDoesNot) {
  StartWithACall();
  const Client page = ConnectWebTransport();
  ASSERT_EQ(Ask(page, JoinMessage("page"))["type"], "ok");
  const Client lost = ConnectWebTransport();
  ASSERT_EQ(Ask(lost, JoinMessage("lost"))["type"], "ok");
  lost->Abort();
  page->Close(0);
  for (const Client& other : {ann, bob}) {
    EXPECT_TRUE(Until([&] {
      return other->Has({{"type", "user-left"}, {"userId", "page"}, {"reason", 0}});
    }));
    other->messages.clear();
  }
  EXPECT_TRUE(OnlyTheCallIsLeft());
  EXPECT_EQ(gateway->Total(&Metrics::sessions_in_grace), 1) << "who is lost may come back";
}

}  // namespace
}  // namespace ferry::gateway
