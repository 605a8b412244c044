// A server's connection against streams without end that come to nothing.
#include <gtest/gtest.h>

#include <functional>

#include "net/h3/testing/bytes.h"
#include "net/h3/testing/fake_quic.h"
#include "net/h3/testing/recording_session.h"

namespace ferry::net {
namespace {

ByteVector Get() {
  HeaderEncoder encoder;
  encoder.Indexed(17);  // GET
  encoder.Indexed(23);  // https
  encoder.Indexed(1);   // /
  encoder.NameOf(0, "x");
  return Tlv(0x1, encoder.block());
}

ByteVector WtBidi(int64_t session) {
  ByteVector out;
  AppendWebTransportPrefix(out, false, session);
  return out;
}

class WastedStreamsTest : public testing::Test {
 protected:
  WastedStreamsTest() {
    quic_.handler = &server_.session.quic_handler();
    quic_.handler->OnHandshakeDone();
    Feed(2, Concat({Varints({0x0}), Tlv(0x4, Varints({0x33, 1, 0x2b603742, 1}))}));
    Feed(0, Tlv(0x1, EncodeConnect({.authority = "x", .path = "/rtc/v1"})));
    EXPECT_TRUE(server_.session.open());
  }
  void Feed(int64_t stream, const ByteVector& bytes, bool fin = false) {
    quic_.handler->OnStreamData(stream, bytes, fin);
  }
  // Every stream is given up before the next begins, so that none of the limits of what is open at
  // once is touched.
  void ExpectClosed(bool unidirectional, const std::function<void(int64_t)>& send) {
    for (size_t i = 1; i <= kMaxWastedStreams + 1; ++i) {
      ASSERT_FALSE(quic_.closed) << i;
      ASSERT_TRUE(server_.session.open()) << i;
      const int64_t stream = static_cast<int64_t>(4 * i) + (unidirectional ? 2 : 0);
      send(stream);
      quic_.handler->OnStreamClosed(stream);
    }
    EXPECT_EQ(quic_.closed, Code(H3Error::kExcessiveLoad));
    EXPECT_EQ(server_.counters.h3_wasted_streams.value(), kMaxWastedStreams + 1);
    EXPECT_EQ(server_.counters.h3_excessive_load.value(), 1u);
  }

  FakeQuic quic_{true};
  RecordingSession server_{quic_, EndpointRole::kServer};
};

TEST_F(WastedStreamsTest, OfUnknownKinds) {
  ExpectClosed(true, [&](int64_t stream) { Feed(stream, Varints({0x21})); });
}

TEST_F(WastedStreamsTest, ThatNeverSayWhatTheyAre) {
  ExpectClosed(true, [&](int64_t stream) { Feed(stream, {}, true); });
}

TEST_F(WastedStreamsTest, OfOtherRequests) {
  ExpectClosed(false, [&](int64_t stream) { Feed(stream, Get(), true); });
}

TEST_F(WastedStreamsTest, OfRequestsThatAreCancelled) {
  ExpectClosed(false, [&](int64_t stream) {
    Feed(stream, Varints({0x1, 100}));
    quic_.handler->OnStreamReset(stream, Code(H3Error::kRequestCancelled));
  });
}

TEST_F(WastedStreamsTest, ThatAreResetAtOnce) {
  ExpectClosed(true, [&](int64_t stream) { quic_.handler->OnStreamReset(stream, 0); });
}

TEST_F(WastedStreamsTest, OfAnotherSession) {
  ExpectClosed(false, [&](int64_t stream) { Feed(stream, WtBidi(400)); });
}

}  // namespace
}  // namespace ferry::net
