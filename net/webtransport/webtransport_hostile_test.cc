// Clients that have shaken hands and then misbehave: they end alone.
#include <gtest/gtest.h>

#include <random>

#include "net/h3/qpack.h"
#include "net/h3/stream_reader.h"
#include "net/h3/varint.h"
#include "net/webtransport/testing/webtransport_fixture.h"

namespace ferry::net::testing {
namespace {

// A client that does as its test says, by the session's own means.
class LooseClient final : public WebTransportSessionHandler {
 public:
  explicit LooseClient(QuicConnection& connection)
      : quic(&connection),
        session(connection, EndpointRole::kClient, *this, connection.counters()) {
    session.Connect({"127.0.0.1", "/rtc/v1", "", {}});
  }

  ConnectAnswer OnRequest(const ConnectRequest&) override { return {}; }
  void OnReady(std::string_view) override { ready = true; }
  void OnRefused(unsigned) override {}
  void OnStreamOpened(int64_t) override {}
  void OnStreamData(int64_t, ByteSpan bytes, bool) override { received += bytes.size(); }
  void OnStreamReset(int64_t, std::optional<uint32_t>) override { ++resets; }
  void OnStopSending(int64_t, std::optional<uint32_t>) override {}
  void OnStreamClosed(int64_t) override {}
  void OnStreamWritable(int64_t) override {}
  void OnStreamCredit() override {}
  void OnDatagram(ByteSpan) override {}
  bool NextDatagram(ByteSpan&) override { return false; }
  void OnSessionEnded(const SessionEnd& e) override { end = e; }
  void OnConnectionClosed(const ConnectionEnd&) override { quic = nullptr; }

  void Write(int64_t stream, const std::string& bytes) {
    session.Write(stream, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, false);
  }

  QuicConnection* quic;
  WebTransportSession session;
  bool ready = false;
  size_t received = 0;
  size_t resets = 0;
  std::optional<SessionEnd> end;
};

struct CountingGate final : AddressGate {
  bool Admit(const boost::asio::ip::address&) override { return ++inside > 0; }
  void Release(const boost::asio::ip::address&) override { --inside; }
  bool WouldAdmit(const boost::asio::ip::address&) override { return true; }
  int inside = 0;
};

// Clients that have no session, and go on sending all the same.
class WithoutSessionTest : public WebTransportTest {
 protected:
  void SetUp() override {
    auto setup = MakeSetup();
    setup.quic.config.handshake_timeout = Duration::Millis(500);
    setup.quic.gate = &gate;
    Start(std::move(setup));
  }
  void TearDown() override {
    WebTransportTest::TearDown();
    listener.reset();
    EXPECT_EQ(gate.inside, 0);
  }
  std::unique_ptr<QuicClient> Shake() {
    auto begun = QuicClient::Connect(
        io, {asio::ip::make_address("127.0.0.1"), listener->port()}, "127.0.0.1",
        PinnedContext(certificate), {},
        [this](auto& connection) { return std::make_shared<QuicPeer>(connection, peer, false); });
    EXPECT_TRUE(Until([&] { return peer->ready && counters.handshakes.value() > 0; }));
    return std::move(*begun);
  }
  bool EndsAlthoughItSends() {
    return Until([&] {
      if (peer->connection != nullptr) peer->Send("of no session");
      return peer->end.has_value();
    });
  }

  CountingGate gate;
  std::shared_ptr<PeerLog> peer = std::make_shared<PeerLog>();
};

TEST_F(WithoutSessionTest, EndsInTimeAndCountsForItsAddressUntilThen) {
  const auto client = Shake();
  EXPECT_EQ(gate.inside, 1);
  EXPECT_TRUE(EndsAlthoughItSends());
  EXPECT_EQ(gate.inside, 0);
  EXPECT_EQ(counters.session_timeouts.value(), 1u);
  EXPECT_TRUE(Until([&] { return listener->connections() == 0; }));
}

TEST_F(WithoutSessionTest, AnotherRequestIsNone) {
  const auto client = Shake();
  HeaderEncoder get;
  get.Indexed(17);  // GET
  get.Indexed(23);  // https
  get.Indexed(1);   // /
  get.NameOf(0, "x");
  std::vector<uint8_t> frame;
  AppendVarint(frame, kHeadersFrame);
  AppendVarint(frame, get.block().size());
  frame.insert(frame.end(), get.block().begin(), get.block().end());
  const auto stream = peer->connection->OpenBidi();
  ASSERT_TRUE(stream);
  ASSERT_TRUE(peer->connection->Write(*stream, frame, true));
  ASSERT_TRUE(Until([&] { return peer->finished[*stream]; }));  // 404
  EXPECT_EQ(gate.inside, 1);
  EXPECT_TRUE(EndsAlthoughItSends());
  EXPECT_EQ(gate.inside, 0);
}

TEST_F(WithoutSessionTest, ASessionIsNotCutOff) {
  const auto session = Connect();
  ASSERT_TRUE(session->client) << session->error;
  EXPECT_EQ(gate.inside, 0) << "its handler may count it";
  const auto idle = Shake();
  EXPECT_TRUE(EndsAlthoughItSends());
  EXPECT_TRUE(EchoesControl(*session, "still here"));
}

class WebTransportHostileTest : public WebTransportTest {
 protected:
  void SetUp() override {
    Start();
    bystander = Connect();
    ASSERT_TRUE(bystander->client) << bystander->error;
    auto begun = QuicClient::Connect(
        io, {asio::ip::make_address("127.0.0.1"), listener->port()}, "127.0.0.1",
        PinnedContext(certificate), {}, [this](QuicConnection& connection) {
          loose = std::make_shared<LooseClient>(connection);
          return std::shared_ptr<QuicSessionHandler>(loose, &loose->session.quic_handler());
        });
    ASSERT_TRUE(begun);
    quic = std::move(*begun);
    ASSERT_TRUE(Until([&] { return loose->ready && sessions.size() == 2; }));
  }
  std::optional<ConnectionEnd>& End() { return sessions[1]->end; }
  bool BystanderIsWell() { return EchoesControl(*bystander, "c") && EchoesMedia(*bystander, "m"); }

  std::shared_ptr<Client> bystander;
  std::shared_ptr<LooseClient> loose;
  std::unique_ptr<QuicClient> quic;
};

TEST_F(WebTransportHostileTest, RefusesFurtherStreamsAndEndsWhoGoesOn) {
  const auto control = loose->session.OpenBidi();
  ASSERT_TRUE(control);
  loose->Write(*control, std::string("\x02{}", 3));
  ASSERT_TRUE(Until([&] { return sessions[1]->control.size() == 1; }));
  const auto extra = loose->session.OpenBidi();
  ASSERT_TRUE(extra);
  loose->Write(*extra, "what is this for?");
  ASSERT_TRUE(Until([&] { return loose->resets == 1; }));
  EXPECT_FALSE(End());  // tolerated
  ASSERT_TRUE(Until([&] {
    if (const auto more = loose->session.OpenBidi()) loose->Write(*more, "and this");
    return loose->end.has_value();
  }));
  EXPECT_EQ(loose->end->code, 4003u);
  ASSERT_TRUE(Until([&] { return End().has_value(); }));
  EXPECT_EQ(End()->fault, 4003);
  EXPECT_TRUE(BystanderIsWell());
}

TEST_F(WebTransportHostileTest, EndsWhoAnnouncesAMessageThatIsTooLarge) {
  const auto control = loose->session.OpenBidi();
  ASSERT_TRUE(control);
  loose->Write(*control, std::string("\x80\x01\x00\x01{", 5));
  ASSERT_TRUE(Until([&] { return loose->end.has_value(); }));
  EXPECT_EQ(loose->end->code, 1009u);
  ASSERT_TRUE(Until([&] { return End().has_value(); }));
  EXPECT_EQ(End()->fault, 1009);
  EXPECT_TRUE(BystanderIsWell());
}

TEST_F(WebTransportHostileTest, HoldsNoMoreThanItsBuffersForWhoReadsNoControl) {
  const auto control = loose->session.OpenBidi();
  ASSERT_TRUE(control);
  loose->Write(*control, std::string("\x02{}", 3));
  ASSERT_TRUE(Until([&] { return sessions[1]->control.size() == 1; }));
  // It gives no credit back, so that its window of 256 KiB fills, and then our buffer.
  const size_t before = sessions[1]->pulled;
  for (int i = 0; i < 200; ++i) sessions[1]->Send(true, std::string(10'000, 'x'));
  ASSERT_TRUE(Until([&] { return loose->received > 250'000; }));
  EXPECT_TRUE(BystanderIsWell());
  EXPECT_LE((sessions[1]->pulled - before) * 10'000, 256u * 1024 + SendBuffer::kMaxBytes + 20'000);
  sessions[1]->Close(4004, "too slow");
  EXPECT_TRUE(Until([&] { return End().has_value(); }));  // cut off all the same
}

TEST_F(WebTransportHostileTest, GarbageOnEveryStreamEndsNobodyElse) {
  std::mt19937 random(11);
  for (int i = 0; i < 30 && loose->quic != nullptr; ++i) {
    std::string bytes(1 + random() % 3000, 0);
    for (char& byte : bytes) byte = static_cast<char>(random());
    const auto stream = i % 2 == 0 ? loose->quic->OpenBidi() : loose->quic->OpenUni();
    if (stream) {
      loose->quic->Write(*stream, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()},
                         i % 3 == 0);
    }
    ASSERT_TRUE(BystanderIsWell());
  }
  EXPECT_TRUE(BystanderIsWell());
}

TEST_F(WebTransportHostileTest, ACloseIsCutOffWhenTheClientDoesNotAnswer) {
  const auto control = loose->session.OpenBidi();
  ASSERT_TRUE(control);
  loose->Write(*control, std::string("\x02{}", 3));
  ASSERT_TRUE(Until([&] { return sessions[1]->control.size() == 1; }));
  quic.reset();  // gone without a word
  sessions[1]->Close(1001, "going away");
  EXPECT_TRUE(Until([&] { return End().has_value(); }));
  EXPECT_TRUE(BystanderIsWell());
}

}  // namespace
}  // namespace ferry::net::testing
