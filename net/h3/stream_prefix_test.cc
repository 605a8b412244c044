#include "net/h3/stream_prefix.h"

#include <gtest/gtest.h>

#include "net/h3/testing/bytes.h"

namespace ferry::net {
namespace {

struct Read {
  std::optional<StreamKind> kind;
  int64_t session = -1;
  ByteVector rest;  // of the first piece that was left over, and all that follow
};

Read ReadPieces(StreamPrefixReader& reader, const std::vector<ByteSpan>& pieces) {
  Read out;
  for (ByteSpan data : pieces) {
    if (!out.kind) out.kind = reader.Take(data).value();
    out.rest.insert(out.rest.end(), data.begin(), data.end());
  }
  out.session = reader.session();
  return out;
}

TEST(StreamPrefixTest, TellsAWebTransportStreamAndItsSessionHoweverTheBytesAreCut) {
  for (const bool unidirectional : {false, true}) {
    ByteVector bytes;
    AppendWebTransportPrefix(bytes, unidirectional, 4000);
    bytes = Concat({bytes, Text("data")});
    ForEverySplit(bytes, [&](const std::vector<ByteSpan>& pieces) {
      StreamPrefixReader reader(unidirectional);
      const Read read = ReadPieces(reader, pieces);
      EXPECT_EQ(read.kind, StreamKind::kWebTransport);
      EXPECT_EQ(read.session, 4000);
      EXPECT_EQ(read.rest, Text("data"));
    });
  }
}

TEST(StreamPrefixTest, GivesTheFirstFrameOfARequestBack) {
  const ByteVector bytes = Tlv(0x1f * 1000 + 0x21, Text("grease"));
  ForEverySplit(bytes, [&](const std::vector<ByteSpan>& pieces) {
    StreamPrefixReader reader(false);
    const Read read = ReadPieces(reader, pieces);
    EXPECT_EQ(read.kind, StreamKind::kRequest);
    EXPECT_EQ(Concat({reader.taken(), read.rest}), bytes);
  });
}

TEST(StreamPrefixTest, KnowsTheUnidirectionalStreamsOfHttp3) {
  const auto kind = [](uint64_t type) {
    const ByteVector bytes = Varints({type});
    ByteSpan data(bytes);
    return StreamPrefixReader(true).Take(data).value();
  };
  EXPECT_EQ(kind(0x0), StreamKind::kControl);
  EXPECT_EQ(kind(0x1), StreamKind::kPush);
  EXPECT_EQ(kind(0x2), StreamKind::kQpackEncoder);
  EXPECT_EQ(kind(0x3), StreamKind::kQpackDecoder);
  EXPECT_EQ(kind(0x41), StreamKind::kUnknown);  // the bidirectional signal
  EXPECT_EQ(kind(kMaxVarint), StreamKind::kUnknown);
}

TEST(StreamPrefixTest, RefusesSessionsThatNoConnectCanHave) {
  for (const uint64_t session : {1, 2, 3, 5}) {
    const ByteVector bytes = Varints({0x54, session});
    ByteSpan data(bytes);
    EXPECT_EQ(StreamPrefixReader(true).Take(data).error(), H3Error::kIdError);
  }
}

}  // namespace
}  // namespace ferry::net
