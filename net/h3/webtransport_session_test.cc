// Whole sessions: a client and a server of ours with an in-memory QUIC between them.
#include "net/h3/webtransport_session.h"

#include <gtest/gtest.h>

#include "net/h3/testing/bytes.h"
#include "net/h3/testing/fake_quic.h"
#include "net/h3/testing/recording_session.h"

namespace ferry::net {
namespace {

class WebTransportSessionTest : public testing::Test {
 protected:
  WebTransportSessionTest() {
    FakeQuic::Connect(client_quic_, server_quic_);
    client_quic_.handler = &client_.session.quic_handler();
    server_quic_.handler = &server_.session.quic_handler();
  }

  void Handshake() {
    server_quic_.handler->OnHandshakeDone();
    client_quic_.handler->OnHandshakeDone();
  }
  void Run() { client_quic_.Run(); }
  void Open() {
    client_.session.Connect({.authority = "host:4433",
                             .path = "/rtc/v1",
                             .origin = "https://page",
                             .protocols = {"one", "two"}});
    Handshake();
    Run();
  }
  // A stream of the client's with these bytes.
  int64_t ClientStream(std::string_view text, bool fin = false) {
    const int64_t stream = client_.session.OpenBidi().value();
    EXPECT_TRUE(client_.session.Write(stream, Text(text), fin));
    return stream;
  }

  FakeQuic client_quic_{false};
  FakeQuic server_quic_{true};
  RecordingSession client_{client_quic_, EndpointRole::kClient};
  RecordingSession server_{server_quic_, EndpointRole::kServer};
};

TEST_F(WebTransportSessionTest, OpensWithWhatTheClientAskedAndTheServerChose) {
  server_.answer.protocol = "two";
  Open();
  ASSERT_TRUE(server_.request);
  EXPECT_EQ(server_.request->authority, "host:4433");
  EXPECT_EQ(server_.request->path, "/rtc/v1");
  EXPECT_EQ(server_.request->origin, "https://page");
  EXPECT_EQ(server_.request->protocols, (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(server_.session.open());
  EXPECT_TRUE(client_.session.open());
  EXPECT_EQ(client_.protocol, "two");
}

TEST_F(WebTransportSessionTest, OpensWhenEveryByteComesAlone) {
  client_quic_.chunk = server_quic_.chunk = 1;
  Open();
  EXPECT_TRUE(client_.session.open());
  ClientStream("hello", true);
  Run();
  EXPECT_EQ(server_.streams.at(server_.opened.at(0)).bytes, "hello");
}

TEST_F(WebTransportSessionTest, TellsTheClientWithWhichStatusItWasRefused) {
  for (const unsigned status : {403u, 404u, 503u}) {
    FakeQuic client_quic(false), server_quic(true);
    RecordingSession client(client_quic, EndpointRole::kClient),
        server(server_quic, EndpointRole::kServer);
    FakeQuic::Connect(client_quic, server_quic);
    client_quic.handler = &client.session.quic_handler();
    server_quic.handler = &server.session.quic_handler();
    server.answer.status = status;
    server_quic.handler->OnHandshakeDone();
    client_quic.handler->OnHandshakeDone();
    client.session.Connect({.authority = "x", .path = "/"});
    client_quic.Run();
    EXPECT_EQ(client.refused, status);
    EXPECT_FALSE(server.ready);
    EXPECT_TRUE(client.closed);  // and the connection does not stay
    EXPECT_TRUE(server.closed);
  }
}

TEST_F(WebTransportSessionTest, HearsTheStatusThoughTheWordToStopOvertakesIt) {
  FakeQuic quic(false);
  RecordingSession client(quic, EndpointRole::kClient);
  QuicSessionHandler& handler = client.session.quic_handler();
  client.session.Connect({.authority = "x", .path = "/"});
  handler.OnHandshakeDone();
  handler.OnStreamData(3, Concat({Varints({0}), Tlv(0x4, OurSettings())}), false);
  handler.OnStopSending(0, Code(H3Error::kNoError));
  EXPECT_FALSE(client.refused);
  handler.OnStreamData(0, Tlv(0x1, EncodeStatus(404)), true);
  EXPECT_EQ(client.refused, 404u);
}

TEST_F(WebTransportSessionTest, CarriesStreamsBothWaysOfBothKinds) {
  Open();
  const int64_t bidi = ClientStream("from the client", true);
  ASSERT_TRUE(client_.session.Write(client_.session.OpenUni().value(), Text("one way"), true));
  ASSERT_TRUE(server_.session.Write(server_.session.OpenBidi().value(), Text("bidi"), true));
  ASSERT_TRUE(server_.session.Write(server_.session.OpenUni().value(), Text("uni"), true));
  Run();
  ASSERT_EQ(server_.opened.size(), 2u);
  EXPECT_EQ(server_.opened[0], bidi);
  EXPECT_EQ(server_.streams[bidi].bytes, "from the client");
  EXPECT_TRUE(server_.streams[bidi].fin);
  EXPECT_EQ(server_.streams[server_.opened[1]].bytes, "one way");
  EXPECT_TRUE(server_.streams[server_.opened[1]].closed);
  ASSERT_EQ(client_.opened.size(), 2u);
  EXPECT_EQ(client_.streams[client_.opened[0]].bytes, "bidi");
  EXPECT_EQ(client_.streams[client_.opened[1]].bytes, "uni");

  EXPECT_TRUE(server_.session.Write(bidi, Text("back"), true));
  Run();
  EXPECT_EQ(client_.streams[bidi].bytes, "back");
  EXPECT_TRUE(client_.streams[bidi].closed);
  EXPECT_TRUE(server_.streams[bidi].closed);
}

TEST_F(WebTransportSessionTest, GivesCreditBackForEveryByteOfAStream) {
  Open();
  const int64_t stream = ClientStream(std::string(5000, 'x'), true);
  Run();
  EXPECT_EQ(server_quic_.consumed[stream], client_quic_.sent[stream].bytes.size());
  EXPECT_EQ(server_quic_.consumed[0], client_quic_.sent[0].bytes.size());
  EXPECT_EQ(server_quic_.consumed[2], client_quic_.sent[2].bytes.size());  // the control stream
}

TEST_F(WebTransportSessionTest, CarriesResetsAndRefusalsOfStreamsWithTheirCodes) {
  Open();
  const int64_t stream = ClientStream("x");
  Run();
  client_.session.ResetStream(stream, 17);
  server_.session.StopSending(stream, 30);
  Run();
  EXPECT_EQ(server_.streams[stream].reset, 17u);
  EXPECT_EQ(client_.streams[stream].stop_sending, 30u);
}

TEST_F(WebTransportSessionTest, CarriesDatagramsBothWays) {
  Open();
  client_.outgoing = {"up", ""};
  server_.outgoing = {"down"};
  client_.session.SetDatagramSource(true);
  server_.session.SetDatagramSource(true);
  Run();
  EXPECT_EQ(server_.datagrams, (std::vector<std::string>{"up", ""}));
  EXPECT_EQ(client_.datagrams, (std::vector<std::string>{"down"}));
}

TEST_F(WebTransportSessionTest, LeavesRoomForTheDatagramsPrefix) {
  Open();
  EXPECT_EQ(client_.session.max_datagram_size(), client_quic_.datagram_size - 1);
  client_.outgoing = {std::string(client_.session.max_datagram_size(), 'x')};
  client_.session.SetDatagramSource(true);
  Run();
  EXPECT_EQ(server_.datagrams.size(), 1u);
}

TEST_F(WebTransportSessionTest, GivesNoDatagramsBeforeItIsOpen) {
  client_.outgoing = {"early"};
  std::array<ByteSpan, 2> parts;
  EXPECT_FALSE(client_quic_.handler->NextDatagram(parts));
  client_.session.SetDatagramSource(true);
  EXPECT_FALSE(client_quic_.datagram_source);
}

TEST_F(WebTransportSessionTest, EndsWithCodeAndReasonByTheClient) {
  Open();
  const int64_t stream = ClientStream("x");
  Run();
  client_.session.Close(4001, "kicked out");
  EXPECT_TRUE(client_.session.over());
  Run();
  ASSERT_TRUE(server_.ended);
  EXPECT_TRUE(server_.ended->clean);
  EXPECT_EQ(server_.ended->code, 4001u);
  EXPECT_EQ(server_.ended->reason, "kicked out");
  EXPECT_EQ(server_quic_.sent[stream].reset, Code(H3Error::kWtSessionGone));
  EXPECT_FALSE(client_.ended);  // it knows
}

TEST_F(WebTransportSessionTest, EndsWithCodeAndReasonByTheServer) {
  Open();
  const int64_t stream = ClientStream("x");
  Run();
  server_.session.Close(4007, "cannot resume");
  Run();
  ASSERT_TRUE(client_.ended);
  EXPECT_EQ(client_.ended->code, 4007u);
  EXPECT_EQ(client_.ended->reason, "cannot resume");
  EXPECT_EQ(server_quic_.sent[stream].reset, Code(H3Error::kWtSessionGone));
  EXPECT_EQ(server_quic_.sent[stream].stop_sending, Code(H3Error::kWtSessionGone));
  EXPECT_FALSE(client_.session.OpenBidi());
  EXPECT_FALSE(server_.session.Write(stream, Text("more"), false));
}

TEST_F(WebTransportSessionTest, ClosesTheConnectionOnceItsSessionHasEnded) {
  Open();
  client_.session.Close(0, "");
  Run();
  EXPECT_EQ(server_quic_.closed, Code(H3Error::kNoError));
  EXPECT_TRUE(server_.closed);
  EXPECT_TRUE(client_.closed);
}

TEST_F(WebTransportSessionTest, TakesAnEndWithoutACapsuleForCodeZero) {
  Open();
  client_quic_.Write(0, {}, true);
  Run();
  ASSERT_TRUE(server_.ended);
  EXPECT_TRUE(server_.ended->clean);
  EXPECT_EQ(server_.ended->code, 0u);
}

TEST_F(WebTransportSessionTest, TakesAResetOfTheConnectStreamForAnUncleanEnd) {
  Open();
  client_quic_.ResetStream(0, Code(H3Error::kRequestCancelled));
  Run();
  ASSERT_TRUE(server_.ended);
  EXPECT_FALSE(server_.ended->clean);
  EXPECT_TRUE(server_.closed);
}

TEST_F(WebTransportSessionTest, ResetsAStreamThatComesAfterTheEnd) {
  Open();
  server_.session.Close(1, "");
  ClientStream("too late");
  Run();
  EXPECT_EQ(server_quic_.sent[4].reset, Code(H3Error::kWtSessionGone));
  EXPECT_TRUE(server_.opened.empty());
}

TEST_F(WebTransportSessionTest, CanBeGivenUpBeforeTheAnswer) {
  client_.session.Connect({.authority = "x", .path = "/"});
  Handshake();
  server_quic_.Deliver();
  client_quic_.Deliver();  // the CONNECT is on its way
  client_.session.Close(0, "");
  Run();
  EXPECT_FALSE(client_.ready);
  EXPECT_TRUE(server_.closed);
}

TEST_F(WebTransportSessionTest, WaitsForCreditToOpenItsStreams) {
  client_quic_.uni_credit = client_quic_.bidi_credit = 0;
  Open();
  EXPECT_FALSE(server_.request);
  client_quic_.uni_credit = client_quic_.bidi_credit = 1;
  client_quic_.handler->OnStreamCredit();
  Run();
  EXPECT_TRUE(client_.session.open());
  EXPECT_FALSE(client_.session.OpenBidi());
  client_quic_.bidi_credit = 1;
  client_quic_.handler->OnStreamCredit();
  EXPECT_GT(client_.credits, 0);
  EXPECT_TRUE(client_.session.OpenBidi());
}

TEST_F(WebTransportSessionTest, TellsWhenAStreamTakesBytesAgain) {
  Open();
  const int64_t stream = ClientStream("x");
  client_quic_.refuse_writes = true;
  EXPECT_FALSE(client_.session.Write(stream, Text("y"), false));
  client_quic_.handler->OnStreamWritable(stream);
  EXPECT_EQ(client_.writable, (std::vector<int64_t>{stream}));
}

}  // namespace
}  // namespace ferry::net
