#include "net/websocket/frame_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "net/websocket/utf8.h"

namespace ferry::net {
namespace {

std::vector<uint8_t> Bytes(std::string_view text) { return {text.begin(), text.end()}; }

TEST(FrameWriterTest, WritesTheExamplesOfTheRfc) {
  // RFC 6455 §5.7.
  std::vector<uint8_t> out;
  AppendFrame(out, Opcode::kText, Bytes("Hello"), nullptr);
  EXPECT_EQ(out, Bytes("\x81\x05Hello"));
  const MaskingKey key{0x37, 0xFA, 0x21, 0x3D};
  AppendFrame(out, Opcode::kText, Bytes("Hello"), &key);
  EXPECT_EQ(out, Bytes("\x81\x05Hello\x81\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58"));
}

TEST(FrameWriterTest, WritesEachLengthInItsShortestForm) {
  const auto header = [](size_t size) {
    std::vector<uint8_t> out;
    AppendFrame(out, Opcode::kBinary, std::vector<uint8_t>(size), nullptr);
    out.resize(out.size() - size);
    return out;
  };
  using Header = std::vector<uint8_t>;
  EXPECT_EQ(header(0), (Header{0x82, 0}));
  EXPECT_EQ(header(125), (Header{0x82, 125}));
  EXPECT_EQ(header(126), (Header{0x82, 126, 0, 126}));
  EXPECT_EQ(header(65'535), (Header{0x82, 126, 0xFF, 0xFF}));
  EXPECT_EQ(header(65'536), (Header{0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST(FrameWriterTest, MasksEveryLengthByteByByte) {
  const MaskingKey key{1, 2, 3, 4};
  for (size_t size = 0; size < 40; ++size) {
    std::vector<uint8_t> bytes(size, 0x50);
    ApplyMask(bytes, key);
    for (size_t i = 0; i < size; ++i) EXPECT_EQ(bytes[i], 0x50 ^ (1 + i % 4)) << size << " " << i;
  }
}

TEST(FrameWriterTest, CutsALongReasonBetweenCharacters) {
  std::string characters;
  while (characters.size() < 200) characters += "ü";
  for (const size_t shift : {0, 1}) {
    const std::string reason = std::string(shift, 'x') + characters;
    std::vector<uint8_t> out;
    AppendClose(out, 4001, reason, nullptr);
    ASSERT_LE(out.size(), 2 + kMaxControlFramePayload);
    EXPECT_GE(out.size(), 2 + kMaxControlFramePayload - 1);
    EXPECT_EQ(out[0], 0x88);
    EXPECT_EQ(out[1], out.size() - 2);
    EXPECT_EQ(out[2] << 8 | out[3], 4001);
    EXPECT_TRUE(IsUtf8(ByteSpan(out).subspan(4)));
  }
}

}  // namespace
}  // namespace ferry::net
