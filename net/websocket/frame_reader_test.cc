#include "net/websocket/frame_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "net/websocket/frame_writer.h"

namespace ferry::net {
namespace {

using Kind = FrameReader::Kind;
using Bytes = std::vector<uint8_t>;

struct Seen {
  Kind kind;
  std::string payload;
  uint16_t code = 0;
  bool operator==(const Seen&) const = default;
};
void PrintTo(const Seen& seen, std::ostream* out) {
  *out << static_cast<int>(seen.kind) << " '" << seen.payload.substr(0, 60) << "' " << seen.code;
}

constexpr size_t kMax = 1000;
const MaskingKey kKey{0x11, 0x22, 0x33, 0x44};

void Drain(FrameReader& reader, std::vector<Seen>& out) {
  while (const auto event = reader.Next()) {
    out.push_back(
        {event->kind, std::string(event->payload.begin(), event->payload.end()), event->code});
  }
}

// Gives the bytes in pieces that end at `cuts`.
std::vector<Seen> Read(const Bytes& bytes, std::vector<size_t> cuts = {},
                       WebSocketRole role = WebSocketRole::kServer, size_t max = kMax) {
  FrameReader reader(role, max);
  std::vector<Seen> out;
  cuts.push_back(bytes.size());
  size_t at = 0;
  for (const size_t cut : cuts) {
    while (at < cut) {
      const MutableByteSpan space = reader.Space();
      const size_t size = std::min(cut - at, space.size());
      std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(at), size, space.begin());
      reader.Received(size);
      at += size;
      Drain(reader, out);
    }
  }
  return out;
}

class Stream {
 public:
  Stream& Add(Opcode opcode, std::string_view payload, bool fin = true, bool masked = true) {
    const size_t begin = bytes.size();
    AppendFrame(bytes, opcode, {reinterpret_cast<const uint8_t*>(payload.data()), payload.size()},
                masked ? &kKey : nullptr);
    if (!fin) bytes[begin] &= 0x7F;
    return *this;
  }
  Bytes bytes;
};

Seen Error(uint16_t code, std::string why) { return {Kind::kError, std::move(why), code}; }

TEST(FrameReaderTest, GivesTheSameWhereverTheBytesAreSplit) {
  const std::string long_text(300, 'l');
  Stream stream;
  stream.Add(Opcode::kText, "hi")
      .Add(Opcode::kBinary, "")
      .Add(Opcode::kText, "one ", false)
      .Add(Opcode::kPing, "are you there")
      .Add(Opcode::kContinuation, "two \xC3", false)
      .Add(Opcode::kPong, "")
      .Add(Opcode::kContinuation, "\xBC")
      .Add(Opcode::kBinary, long_text)
      .Add(Opcode::kBinary, "a", false)
      .Add(Opcode::kContinuation, "")
      .Add(Opcode::kClose, "\x0F\xA1replaced");
  const std::vector<Seen> expected = {
      {Kind::kText, "hi"},
      {Kind::kBinary, ""},
      {Kind::kPing, "are you there"},
      {Kind::kPong, ""},
      {Kind::kText, "one two \xC3\xBC"},
      {Kind::kBinary, long_text},
      {Kind::kBinary, "a"},
      {Kind::kClose, "replaced", 4001},
  };
  EXPECT_EQ(Read(stream.bytes), expected);
  std::vector<size_t> everywhere;
  for (size_t cut = 1; cut < stream.bytes.size(); ++cut) {
    EXPECT_EQ(Read(stream.bytes, {cut}), expected) << cut;
    everywhere.push_back(cut);
  }
  EXPECT_EQ(Read(stream.bytes, everywhere), expected);
}

TEST(FrameReaderTest, ReadsAMessageLongerThanItsBuffer) {
  const std::string text(65'536, 't');
  Stream stream;
  stream.Add(Opcode::kText, text).Add(Opcode::kBinary, "next").Add(Opcode::kText, text);
  const std::vector<Seen> expected = {
      {Kind::kText, text}, {Kind::kBinary, "next"}, {Kind::kText, text}};
  EXPECT_EQ(Read(stream.bytes, {}, WebSocketRole::kServer, 65'536), expected);
  EXPECT_EQ(Read(stream.bytes, {1, 9, 14, 20'000, 65'550, 65'560}, WebSocketRole::kServer, 65'536),
            expected);
}

TEST(FrameReaderTest, ReadsEachFormOfTheLengthAtItsBounds) {
  for (const size_t size : {0u, 125u, 126u, 127u, 128u, 65'535u, 65'536u}) {
    Stream stream;
    stream.Add(Opcode::kBinary, std::string(size, 'x'));
    const auto seen = Read(stream.bytes, {}, WebSocketRole::kServer, 100'000);
    ASSERT_EQ(seen.size(), 1u) << size;
    EXPECT_EQ(seen[0], (Seen{Kind::kBinary, std::string(size, 'x')})) << size;
  }
}

TEST(FrameReaderTest, ReadsWhatCameBeforeIt) {
  Stream stream;
  stream.Add(Opcode::kText, "early").Add(Opcode::kText, "half");
  stream.bytes.pop_back();
  FrameReader reader(WebSocketRole::kServer, kMax, stream.bytes);
  std::vector<Seen> seen;
  Drain(reader, seen);
  EXPECT_EQ(seen, (std::vector<Seen>{{Kind::kText, "early"}}));
  reader.Space()[0] = 'f' ^ kKey[3];
  reader.Received(1);
  Drain(reader, seen);
  EXPECT_EQ(seen.back(), (Seen{Kind::kText, "half"}));
}

TEST(FrameReaderTest, AClientReadsFramesWithoutMask) {
  const Bytes plain = Stream().Add(Opcode::kText, "hi", true, false).bytes;
  EXPECT_EQ(Read(plain, {}, WebSocketRole::kClient), (std::vector<Seen>{{Kind::kText, "hi"}}));
  EXPECT_EQ(Read(plain), (std::vector<Seen>{Error(1002, "a frame without mask")}));
  const Bytes masked = Stream().Add(Opcode::kText, "hi").bytes;
  EXPECT_EQ(Read(masked, {}, WebSocketRole::kClient),
            (std::vector<Seen>{Error(1002, "a masked frame")}));
}

TEST(FrameReaderTest, LimitsMessagesBeforeTheirBytesAreThere) {
  const Seen too_large = Error(1009, "a message of more than 1000 bytes");
  EXPECT_EQ(Read(Stream().Add(Opcode::kBinary, std::string(kMax, 'x')).bytes).at(0).kind,
            Kind::kBinary);
  Bytes one = Stream().Add(Opcode::kBinary, std::string(kMax + 1, 'x')).bytes;
  one.resize(8);
  EXPECT_EQ(Read(one), (std::vector<Seen>{too_large}));
  const Bytes huge = {0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4};
  EXPECT_EQ(Read(huge), (std::vector<Seen>{too_large}));
  Stream fragments;
  fragments.Add(Opcode::kText, std::string(600, 'x'), false)
      .Add(Opcode::kContinuation, std::string(401, 'x'));
  fragments.bytes.resize(fragments.bytes.size() - 400);
  EXPECT_EQ(Read(fragments.bytes), (std::vector<Seen>{too_large}));
}

TEST(FrameReaderTest, NamesWhatBreaksTheProtocol) {
  const auto error_of = [](const Bytes& bytes) {
    const auto seen = Read(bytes);
    return seen.size() == 1 && seen[0].kind == Kind::kError
               ? std::to_string(seen[0].code) + " " + seen[0].payload
               : "none";
  };
  EXPECT_EQ(error_of({0xC2, 0x80, 0, 0, 0, 0}), "1002 reserved bits are set");
  EXPECT_EQ(error_of({0x83, 0x80, 0, 0, 0, 0}), "1002 unknown opcode");
  EXPECT_EQ(error_of({0x8B, 0x80, 0, 0, 0, 0}), "1002 unknown opcode");
  EXPECT_EQ(error_of({0x09, 0x80, 0, 0, 0, 0}), "1002 a fragmented control frame");
  EXPECT_EQ(error_of({0x89, 0xFE, 0, 126}), "1002 a control frame of more than 125 bytes");
  EXPECT_EQ(error_of(Stream().Add(Opcode::kContinuation, "").bytes),
            "1002 a continuation of nothing");
  EXPECT_EQ(error_of(Stream().Add(Opcode::kText, "a", false).Add(Opcode::kText, "b").bytes),
            "1002 a message within another");
  EXPECT_EQ(error_of(Stream().Add(Opcode::kText, "\xFF").bytes), "1007 text that is not UTF-8");
  EXPECT_EQ(
      error_of(
          Stream().Add(Opcode::kText, "\xC3", false).Add(Opcode::kContinuation, "\xC3\xBC").bytes),
      "1007 text that is not UTF-8");
  EXPECT_EQ(error_of(Stream().Add(Opcode::kClose, "\x03").bytes), "1002 half a close code");
  EXPECT_EQ(error_of(Stream().Add(Opcode::kClose, "\x03\xE8\xFF").bytes),
            "1007 a close reason that is not UTF-8");
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65'535}) {
    const std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    EXPECT_EQ(error_of(Stream().Add(Opcode::kClose, payload).bytes),
              "1002 a close code that may not be sent")
        << code;
  }
}

TEST(FrameReaderTest, NothingFollowsTheEnd) {
  EXPECT_EQ(Read(Stream().Add(Opcode::kClose, "").Add(Opcode::kText, "more").bytes),
            (std::vector<Seen>{{Kind::kClose, "", kCloseNoCode}}));
  EXPECT_EQ(Read(Stream().Add(Opcode::kText, "\xFF").Add(Opcode::kText, "more").bytes).size(), 1u);
}

}  // namespace
}  // namespace ferry::net
