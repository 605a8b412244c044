#include "net/h3/stream_reader.h"

#include <gtest/gtest.h>

#include "net/h3/testing/bytes.h"

namespace ferry::net {
namespace {

constexpr uint64_t kGrease = 0x1f * 7 + 0x21;
const ByteVector kSettings = Tlv(0x4, Varints({0x33, 1}));

// What a reader says to `bytes`: the first error, or nothing.
std::optional<H3Error> ErrorOfControl(const ByteVector& bytes,
                                      EndpointRole role = EndpointRole::kServer) {
  ControlStreamReader reader(role);
  ByteSpan data(bytes);
  for (;;) {
    const auto event = reader.Next(data);
    if (!event) return event.error();
    if (!*event) return std::nullopt;
  }
}

std::optional<H3Error> ErrorOfMessage(const ByteVector& bytes) {
  MessageReader reader;
  ByteSpan data(bytes);
  for (;;) {
    const auto event = reader.Next(data);
    if (!event) return event.error();
    if (!*event) return std::nullopt;
  }
}

TEST(ControlStreamReaderTest, ReadsSettingsAndGoawayHoweverTheBytesAreCut) {
  const ByteVector bytes = Concat({kSettings, Tlv(kGrease, Text("grease")),
                                   Tlv(0xf0700, Text("u=1")), Tlv(0x7, Varints({400}))});
  ForEverySplit(bytes, [](const std::vector<ByteSpan>& pieces) {
    ControlStreamReader reader(EndpointRole::kClient);
    std::vector<ControlStreamReader::Event> events;
    for (ByteSpan data : pieces) {
      for (;;) {
        const auto event = reader.Next(data);
        ASSERT_TRUE(event);
        if (!*event) break;
        events.push_back(**event);
      }
    }
    ASSERT_EQ(events.size(), 2u);
    EXPECT_TRUE(std::get<Settings>(events[0]).datagrams);
    EXPECT_TRUE(std::holds_alternative<Goaway>(events[1]));
  });
}

TEST(ControlStreamReaderTest, WantsSettingsFirstAndOnce) {
  EXPECT_EQ(ErrorOfControl(Tlv(kGrease)), H3Error::kMissingSettings);
  EXPECT_EQ(ErrorOfControl(Tlv(0x7, Varints({0}))), H3Error::kMissingSettings);
  EXPECT_EQ(ErrorOfControl(Concat({kSettings, kSettings})), H3Error::kFrameUnexpected);
}

TEST(ControlStreamReaderTest, RefusesFramesThatHaveNoPlaceThere) {
  for (const uint64_t type : {0x0, 0x1, 0x5, 0x2, 0x6, 0x8, 0x9}) {
    EXPECT_EQ(ErrorOfControl(Concat({kSettings, Tlv(type)})), H3Error::kFrameUnexpected) << type;
  }
  const ByteVector max_push_id = Concat({kSettings, Tlv(0xd, Varints({8}))});
  EXPECT_EQ(ErrorOfControl(max_push_id, EndpointRole::kServer), std::nullopt);
  EXPECT_EQ(ErrorOfControl(max_push_id, EndpointRole::kClient), H3Error::kFrameUnexpected);
  EXPECT_EQ(ErrorOfControl(Concat({kSettings, Tlv(0x3, Varints({1}))})), H3Error::kIdError);
}

TEST(ControlStreamReaderTest, RefusesFramesOfTheWrongSize) {
  EXPECT_EQ(ErrorOfControl(Varints({0x4, kMaxSettingsBytes + 1})), H3Error::kExcessiveLoad);
  EXPECT_EQ(ErrorOfControl(Concat({kSettings, Varints({0x7, 9})})), H3Error::kFrameError);
  EXPECT_EQ(ErrorOfControl(Concat({kSettings, Tlv(0x7)})), H3Error::kFrameError);
  EXPECT_EQ(ErrorOfControl(Concat({kSettings, Tlv(0x7, Varints({1, 2}))})), H3Error::kFrameError);
}

TEST(MessageReaderTest, ReadsHeadersAndBodyHoweverTheBytesAreCut) {
  const ByteVector bytes =
      Concat({Tlv(kGrease, Text("x")), Tlv(0x1, Text("block")), Tlv(0x0, Text("bo")), Tlv(0x0),
              Tlv(kGrease), Tlv(0x0, Text("dy"))});
  ForEverySplit(bytes, [](const std::vector<ByteSpan>& pieces) {
    MessageReader reader;
    std::string block;
    std::string body;
    for (ByteSpan data : pieces) {
      for (;;) {
        const auto event = reader.Next(data);
        ASSERT_TRUE(event);
        if (!*event) break;
        const ByteSpan part = (*event)->bytes;
        ((*event)->headers ? block : body).append(part.begin(), part.end());
      }
    }
    EXPECT_EQ(block, "block");
    EXPECT_EQ(body, "body");
    EXPECT_TRUE(reader.End());
  });
}

TEST(MessageReaderTest, RefusesFramesThatHaveNoPlaceThere) {
  EXPECT_EQ(ErrorOfMessage(Tlv(0x0, Text("body"))), H3Error::kFrameUnexpected);
  for (const uint64_t type : {0x3, 0x4, 0x5, 0x7, 0xd, 0x2, 0x6, 0x8, 0x9}) {
    EXPECT_EQ(ErrorOfMessage(Tlv(type)), H3Error::kFrameUnexpected) << type;
  }
  EXPECT_EQ(ErrorOfMessage(Concat({Tlv(0x1), Tlv(0x41)})), H3Error::kFrameError);
}

TEST(MessageReaderTest, RefusesATooLargeHeaderBlockBeforeItComes) {
  EXPECT_EQ(ErrorOfMessage(Varints({0x1, kMaxHeaderBytes + 1})), H3Error::kExcessiveLoad);
  EXPECT_EQ(ErrorOfMessage(Tlv(0x1, ByteVector(kMaxHeaderBytes, 0))), std::nullopt);
}

TEST(MessageReaderTest, TellsAnEndWithinAFrameFromOneBeforeTheHeaders) {
  MessageReader reader;
  EXPECT_EQ(reader.End().error(), H3Error::kRequestIncomplete);
  const ByteVector half = Varints({0x1, 10});
  ByteSpan data(half);
  EXPECT_TRUE(reader.Next(data));
  EXPECT_EQ(reader.End().error(), H3Error::kFrameError);
}

}  // namespace
}  // namespace ferry::net
