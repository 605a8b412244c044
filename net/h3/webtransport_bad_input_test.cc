// A server's session against bytes that no client of ours sends, and against packets in another
// order.
#include <gtest/gtest.h>

#include "net/h3/testing/bytes.h"
#include "net/h3/testing/fake_quic.h"
#include "net/h3/testing/recording_session.h"

namespace ferry::net {
namespace {

constexpr int64_t kConnect = 0;
constexpr int64_t kControl = 2;

const ByteVector kSettings = Tlv(0x4, Varints({0x33, 1, 0x2b603742, 1}));
const ByteVector kControlStart = Concat({Varints({0x0}), kSettings});

ByteVector ConnectFrame() { return Tlv(0x1, EncodeConnect({.authority = "x", .path = "/rtc/v1"})); }

ByteVector Get() {
  HeaderEncoder encoder;
  encoder.Indexed(17);  // GET
  encoder.Indexed(23);  // https
  encoder.NameOf(0, "x");
  encoder.Indexed(1);  // /
  return Tlv(0x1, encoder.block());
}

ByteVector WtBidi(int64_t session, std::string_view text) {
  ByteVector out;
  AppendWebTransportPrefix(out, false, session);
  return Concat({out, Text(text)});
}

class WebTransportBadInputTest : public testing::Test {
 protected:
  WebTransportBadInputTest() {
    quic_.handler = &server_.session.quic_handler();
    quic_.handler->OnHandshakeDone();
  }

  void Feed(int64_t stream, const ByteVector& bytes, bool fin = false) {
    quic_.handler->OnStreamData(stream, bytes, fin);
  }
  void Open() {
    Feed(kControl, kControlStart);
    Feed(kConnect, ConnectFrame());
    ASSERT_TRUE(server_.session.open());
  }
  // The status of the answer on a stream.
  unsigned Status(int64_t stream) {
    MessageReader reader;
    ByteSpan data(quic_.sent[stream].bytes);
    const auto event = reader.Next(data);
    if (!event || !*event) return 0;
    return ParseResponse(DecodeHeaders((*event)->bytes).value())->status;
  }
  void ExpectClosed(H3Error error) {
    EXPECT_EQ(quic_.closed, Code(error)) << quic_.reason;
    const QuicCounters& counters = server_.counters;
    EXPECT_EQ(counters.h3_excessive_load.value() + counters.h3_errors.value(), 1u);
  }

  FakeQuic quic_{true};
  RecordingSession server_{quic_, EndpointRole::kServer};
};

TEST_F(WebTransportBadInputTest, AnswersAGetWith404AndGoesOn) {
  Feed(kControl, kControlStart);
  Feed(0, Get(), true);
  EXPECT_EQ(Status(0), 404u);
  EXPECT_TRUE(quic_.sent[0].fin);
  Feed(4, ConnectFrame());
  EXPECT_TRUE(server_.session.open());
  Feed(8, Concat({Get(), Tlv(0x0, Text("a body"))}));
  EXPECT_EQ(Status(8), 404u);
  EXPECT_FALSE(quic_.closed);
}

TEST_F(WebTransportBadInputTest, AnswersASecondConnectWith429) {
  Open();
  Feed(4, ConnectFrame());
  EXPECT_EQ(Status(4), 429u);
  EXPECT_TRUE(server_.session.open());
}

TEST_F(WebTransportBadInputTest, AnswersAnUnknownProtocolWith501AndALargeRequestWith431) {
  HeaderEncoder encoder;
  encoder.Indexed(15);
  encoder.Literal(":protocol", "connect-udp");
  encoder.Indexed(23);
  encoder.NameOf(0, "x");
  encoder.Indexed(1);
  Feed(0, Tlv(0x1, encoder.block()));
  EXPECT_EQ(Status(0), 501u);
  HeaderEncoder large;
  for (int i = 0; i < 1000; ++i) large.Indexed(15);
  Feed(4, Tlv(0x1, large.block()));
  EXPECT_EQ(Status(4), 431u);
  EXPECT_FALSE(quic_.closed);
}

TEST_F(WebTransportBadInputTest, AnswersAConnectOnlyOnceTheSettingsHaveCome) {
  Feed(kConnect, ConnectFrame());
  EXPECT_FALSE(server_.request);
  Feed(kControl, kControlStart);
  EXPECT_TRUE(server_.session.open());
}

TEST_F(WebTransportBadInputTest, RefusesAClientThatTakesNoDatagrams) {
  Feed(kControl, Concat({Varints({0x0}), Tlv(0x4)}));
  Feed(kConnect, ConnectFrame());
  EXPECT_EQ(Status(kConnect), 400u);
}

TEST_F(WebTransportBadInputTest, RefusesAMalformedRequestByItself) {
  HeaderEncoder encoder;
  encoder.Literal("no-method", "x");
  Feed(0, Tlv(0x1, encoder.block()));
  EXPECT_EQ(quic_.sent[0].reset, Code(H3Error::kMessageError));
  EXPECT_FALSE(quic_.closed);
}

TEST_F(WebTransportBadInputTest, OpensWithTheConnectCutAnywhere) {
  const ByteVector connect = Concat({Tlv(0x21, Text("grease")), ConnectFrame(),
                                     Tlv(0x0, Tlv(0x29 * 3 + 0x17, ByteVector(48, 1)))});
  ForEverySplit(connect, [](const std::vector<ByteSpan>& pieces) {
    FakeQuic quic(true);
    RecordingSession server(quic, EndpointRole::kServer);
    quic.handler = &server.session.quic_handler();
    quic.handler->OnHandshakeDone();
    quic.handler->OnStreamData(kControl, kControlStart, false);
    for (const ByteSpan piece : pieces) quic.handler->OnStreamData(kConnect, piece, false);
    EXPECT_TRUE(server.session.open());
    EXPECT_EQ(quic.consumed[kConnect],
              pieces.size() == 2 ? pieces[0].size() + pieces[1].size() : pieces.size());
  });
}

TEST_F(WebTransportBadInputTest, KeepsStreamsThatOvertakeTheConnect) {
  Feed(4, WtBidi(kConnect, "early"));
  Feed(4, Text(" bird"), true);
  EXPECT_TRUE(server_.opened.empty());
  Open();
  EXPECT_EQ(server_.opened, (std::vector<int64_t>{4}));
  EXPECT_EQ(server_.streams[4].bytes, "early bird");
  EXPECT_TRUE(server_.streams[4].fin);
}

TEST_F(WebTransportBadInputTest, RefusesTooManyStreamsBeforeTheConnect) {
  for (size_t i = 1; i <= kMaxPendingStreams + 1; ++i) {
    Feed(static_cast<int64_t>(4 * i), WtBidi(kConnect, "x"));
  }
  const auto last = static_cast<int64_t>(4 * (kMaxPendingStreams + 1));
  EXPECT_EQ(quic_.sent[last].reset, Code(H3Error::kWtBufferedStreamRejected));
  EXPECT_EQ(server_.counters.session_streams_refused.value(), 1u);
  Open();
  EXPECT_EQ(server_.opened.size(), kMaxPendingStreams);
}

TEST_F(WebTransportBadInputTest, RefusesTooManyBytesBeforeTheConnect) {
  Feed(4, WtBidi(kConnect, std::string(kMaxPendingBytes, 'x')));
  EXPECT_FALSE(quic_.sent[4].reset);
  Feed(8, WtBidi(kConnect, "y"));
  EXPECT_EQ(quic_.sent[8].reset, Code(H3Error::kWtBufferedStreamRejected));
}

TEST_F(WebTransportBadInputTest, RefusesStreamsOfAnotherSession) {
  Open();
  Feed(4, WtBidi(400, "x"));
  EXPECT_EQ(quic_.sent[4].reset, Code(H3Error::kWtBufferedStreamRejected));
  EXPECT_FALSE(quic_.closed);
}

TEST_F(WebTransportBadInputTest, ClosesOnAStreamOfAnImpossibleSession) {
  Open();
  Feed(4, WtBidi(3, "x"));
  ExpectClosed(H3Error::kIdError);
}

TEST_F(WebTransportBadInputTest, DropsAndCountsDatagramsOfNoOpenSession) {
  quic_.handler->OnDatagram(Varints({0}));
  Open();
  quic_.handler->OnDatagram(Concat({Varints({100}), Text("x")}));
  EXPECT_EQ(server_.counters.session_datagrams_dropped.value(), 2u);
  EXPECT_TRUE(server_.datagrams.empty());
  EXPECT_FALSE(quic_.closed);
}

TEST_F(WebTransportBadInputTest, ClosesOnDatagramsOfNoPossibleStream) {
  Open();
  quic_.handler->OnDatagram(Varints({kMaxVarint}));
  ExpectClosed(H3Error::kDatagramError);
}

TEST_F(WebTransportBadInputTest, ClosesOnAnEmptyDatagram) {
  quic_.handler->OnDatagram({});
  ExpectClosed(H3Error::kDatagramError);
}

TEST_F(WebTransportBadInputTest, ClosesOnASecondSettingsFrame) {
  Feed(kControl, Concat({kControlStart, kSettings}));
  ExpectClosed(H3Error::kFrameUnexpected);
}

TEST_F(WebTransportBadInputTest, ClosesOnAControlStreamWithoutSettings) {
  Feed(kControl, Concat({Varints({0x0}), Tlv(0x7, Varints({0}))}));
  ExpectClosed(H3Error::kMissingSettings);
}

TEST_F(WebTransportBadInputTest, ClosesOnASecondStreamOfACriticalKind) {
  for (const uint64_t type : {0x0, 0x2, 0x3}) {
    FakeQuic quic(true);
    RecordingSession server(quic, EndpointRole::kServer);
    quic.handler = &server.session.quic_handler();
    quic.handler->OnStreamData(2, Varints({type}), false);
    quic.handler->OnStreamData(6, Varints({type}), false);
    EXPECT_EQ(quic.closed, Code(H3Error::kStreamCreationError));
  }
}

TEST_F(WebTransportBadInputTest, ClosesWhenACriticalStreamEndsInAnyWay) {
  const auto expect_closed = [](auto end) {
    FakeQuic quic(true);
    RecordingSession server(quic, EndpointRole::kServer);
    quic.handler = &server.session.quic_handler();
    quic.handler->OnHandshakeDone();
    quic.handler->OnStreamData(kControl, kControlStart, false);
    end(*quic.handler);
    EXPECT_EQ(quic.closed, Code(H3Error::kClosedCriticalStream));
  };
  expect_closed([](QuicSessionHandler& quic) { quic.OnStreamData(kControl, {}, true); });
  expect_closed([](QuicSessionHandler& quic) { quic.OnStreamReset(kControl, 0x100); });
  expect_closed([](QuicSessionHandler& quic) { quic.OnStopSending(3, 0x100); });  // ours
}

TEST_F(WebTransportBadInputTest, ClosesOnGarbageOnTheQpackStreams) {
  Feed(6, Concat({Varints({0x2}), Text("garbage")}));
  ExpectClosed(H3Error::kQpackEncoderStreamError);
  FakeQuic quic(true);
  RecordingSession server(quic, EndpointRole::kServer);
  server.session.quic_handler().OnStreamData(6, Concat({Varints({0x3}), {0x80}}), false);
  EXPECT_EQ(quic.closed, Code(H3Error::kQpackDecoderStreamError));
}

TEST_F(WebTransportBadInputTest, ClosesOnAPushStream) {
  Feed(6, Varints({0x1}));
  ExpectClosed(H3Error::kStreamCreationError);
}

TEST_F(WebTransportBadInputTest, RefusesUnknownStreamsAndDropsWhatTheyBring) {
  Open();
  Feed(6, Concat({Varints({0x1f * 9 + 0x21}), ByteVector(1000, 1)}));
  EXPECT_EQ(quic_.sent[6].stop_sending, Code(H3Error::kStreamCreationError));
  Feed(6, ByteVector(1000, 1));
  EXPECT_EQ(quic_.consumed[6], 1000 + 1000 + VarintSize(0x1f * 9 + 0x21));
  EXPECT_FALSE(quic_.closed);
}

TEST_F(WebTransportBadInputTest, ClosesOnFramesThatHaveNoPlaceInARequest) {
  Feed(0, kSettings);
  ExpectClosed(H3Error::kFrameUnexpected);
}

TEST_F(WebTransportBadInputTest, ClosesOnAnOversizedHeaderBlockBeforeItComes) {
  Feed(0, Varints({0x1, kMaxHeaderBytes + 1}));
  ExpectClosed(H3Error::kExcessiveLoad);
}

TEST_F(WebTransportBadInputTest, ClosesOnAHeaderBlockThatIsNone) {
  Feed(0, Tlv(0x1, Text("garbage garbage")));
  ExpectClosed(H3Error::kQpackDecompressionFailed);
}

TEST_F(WebTransportBadInputTest, ClosesOnHeadersAfterAConnect) {
  Open();
  Feed(kConnect, ConnectFrame());
  ExpectClosed(H3Error::kFrameUnexpected);
}

TEST_F(WebTransportBadInputTest, ClosesOnARequestThatEndsWithinAFrame) {
  Feed(0, Varints({0x1, 10}), true);
  ExpectClosed(H3Error::kFrameError);
}

TEST_F(WebTransportBadInputTest, RefusesARequestThatEndsBeforeItsHeaders) {
  Feed(0, Tlv(0x21), true);
  EXPECT_EQ(quic_.sent[0].reset, Code(H3Error::kRequestIncomplete));
  Feed(4, {}, true);
  EXPECT_EQ(quic_.sent[4].reset, Code(H3Error::kRequestIncomplete));
  EXPECT_FALSE(quic_.closed);
}

TEST_F(WebTransportBadInputTest, SkipsUnknownFramesAndCapsulesWithoutKeepingThem) {
  Open();
  const ByteVector megabyte(1'000'000, 1);
  Feed(kConnect, Concat({Varints({0x21, megabyte.size()}), megabyte}));
  Feed(kConnect, Tlv(0x0, Varints({0x29 + 0x17, kMaxVarint})));
  Feed(kConnect, Tlv(0x0, megabyte));
  EXPECT_TRUE(server_.session.open());
  EXPECT_FALSE(server_.ended);
}

// The client announces limits, and tells them again by capsules; of a session whose server
// announces none they are not in force.
TEST_F(WebTransportBadInputTest, FlowControlOfASessionLimitsNothingWhereItIsNotInForce) {
  Feed(kControl,
       Concat({Varints({0x0}),
               Tlv(0x4, Varints({0x33, 1, 0x2c7cf000, 1, 0x2b61, 1, 0x2b64, 1, 0x2b65, 1}))}));
  Feed(kConnect, ConnectFrame());
  ASSERT_TRUE(server_.session.open());
  ByteVector capsules;
  // MAX_DATA, MAX_STREAM_DATA, MAX_STREAMS (two), DATA_BLOCKED, STREAM_DATA_BLOCKED and
  // STREAMS_BLOCKED (two), with what is no limit at all behind them.
  for (uint64_t type = 0x190b4d3d; type <= 0x190b4d44; ++type) {
    capsules = Concat({capsules, Tlv(type, Varints({0})), Tlv(type, {}), Tlv(type, {0xff})});
  }
  Feed(kConnect, Tlv(0x0, capsules));
  EXPECT_TRUE(server_.session.open());
  for (int64_t stream = 4; stream <= 12; stream += 4) {
    Feed(stream, WtBidi(kConnect, "more than one byte on more than one stream"));
    EXPECT_EQ(server_.streams[stream].bytes, "more than one byte on more than one stream");
    EXPECT_TRUE(server_.session.Write(stream, Text("and back"), false));
  }
  for (int i = 0; i < 2; ++i) {
    const auto ours = server_.session.OpenUni();
    ASSERT_TRUE(ours);
    EXPECT_TRUE(server_.session.Write(*ours, Text("more than one byte"), true));
  }
  EXPECT_FALSE(server_.ended);
  EXPECT_FALSE(quic_.closed);
}

TEST_F(WebTransportBadInputTest, EndsTheSessionOnAMalformedCapsule) {
  Open();
  Feed(kConnect, Tlv(0x0, Tlv(0x2843, Text("abc"))));
  ASSERT_TRUE(server_.ended);
  EXPECT_FALSE(server_.ended->clean);
  EXPECT_EQ(quic_.sent[kConnect].reset, Code(H3Error::kMessageError));
}

TEST_F(WebTransportBadInputTest, EndsTheSessionUncleanlyWhenItsStreamEndsWithinACapsule) {
  Open();
  Feed(kConnect, Tlv(0x0, Varints({0x2843, 10})), true);
  ASSERT_TRUE(server_.ended);
  EXPECT_FALSE(server_.ended->clean);
}

TEST_F(WebTransportBadInputTest, IgnoresWhatFollowsAClose) {
  Open();
  ByteVector close;
  AppendCloseCapsule(close, 7, "first");
  ByteVector second;
  AppendCloseCapsule(second, 8, "second");
  Feed(kConnect, Tlv(0x0, Concat({close, second})), true);
  EXPECT_EQ(server_.ended->code, 7u);
  EXPECT_TRUE(quic_.sent[kConnect].fin);
}

TEST_F(WebTransportBadInputTest, RefusesMoreRequestsAtOnceThanItHasRoomFor) {
  for (size_t i = 0; i <= kMaxRequests; ++i) {
    Feed(static_cast<int64_t>(4 * i), Varints({0x1, 100}));  // headers that never come
  }
  EXPECT_EQ(quic_.sent[4 * kMaxRequests].reset, Code(H3Error::kRequestRejected));
  EXPECT_FALSE(quic_.sent[0].reset);
  quic_.handler->OnStreamClosed(0);
  Feed(400, Get());
  EXPECT_EQ(Status(400), 404u);
}

TEST_F(WebTransportBadInputTest, RefusesMoreStreamsAtOnceThanItHasRoomFor) {
  Open();  // two streams
  for (size_t i = 0; i < kMaxIncomingStreams - 2; ++i) {
    Feed(static_cast<int64_t>(4 * (i + 1)), WtBidi(kConnect, ""));
  }
  EXPECT_EQ(server_.opened.size(), kMaxIncomingStreams - 2);
  Feed(4000, WtBidi(kConnect, "x"));
  EXPECT_EQ(quic_.sent[4000].reset, Code(H3Error::kRequestRejected));
  EXPECT_EQ(server_.opened.size(), kMaxIncomingStreams - 2);
}

TEST_F(WebTransportBadInputTest, SaysNothingAfterTheConnectionIsClosed) {
  Open();
  quic_.handler->OnDatagram({});
  const size_t said = quic_.sent[kConnect].bytes.size();
  Feed(4, WtBidi(kConnect, "x"));
  server_.session.Close(1, "late");
  EXPECT_EQ(quic_.sent[kConnect].bytes.size(), said);
  EXPECT_TRUE(server_.opened.empty());
  EXPECT_FALSE(server_.session.open());
}

TEST_F(WebTransportBadInputTest, ClientRefusesAServerWithoutWebTransport) {
  FakeQuic quic(false);
  RecordingSession client(quic, EndpointRole::kClient);
  client.session.Connect({.authority = "x", .path = "/"});
  auto& handler = client.session.quic_handler();
  handler.OnHandshakeDone();
  handler.OnStreamData(3, Concat({Varints({0x0}), Tlv(0x4, Varints({0x33, 1}))}), false);
  EXPECT_EQ(client.refused, 0u);
  EXPECT_EQ(quic.closed, Code(H3Error::kNoError));
}

TEST_F(WebTransportBadInputTest, ClientClosesOnARequestFromTheServer) {
  FakeQuic quic(false);
  RecordingSession client(quic, EndpointRole::kClient);
  client.session.quic_handler().OnStreamData(1, Get(), false);
  EXPECT_EQ(quic.closed, Code(H3Error::kStreamCreationError));
}

TEST_F(WebTransportBadInputTest, ClientSkipsInterimAnswers) {
  FakeQuic quic(false);
  RecordingSession client(quic, EndpointRole::kClient);
  client.session.Connect({.authority = "x", .path = "/"});
  auto& handler = client.session.quic_handler();
  handler.OnHandshakeDone();
  handler.OnStreamData(3, kControlStart, false);
  handler.OnStreamData(0, Tlv(0x1, EncodeStatus(103)), false);
  EXPECT_FALSE(client.ready);
  handler.OnStreamData(0, Tlv(0x1, EncodeAccept("")), false);
  EXPECT_TRUE(client.ready);
}

}  // namespace
}  // namespace ferry::net
