#include "core/rtp/rtp_packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <new>
#include <random>
#include <span>

#include "core/rtp/test_bytes.h"

namespace {
// Counted over the whole test program, to show what does not allocate.
size_t allocations = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
// Of what the library asks for temporary room with; a sanitizer's own would not be freed by ours.
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace ferry::rtp {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

// Version 2, marker, payload type 111, sequence number 0x1234, timestamp, SSRC.
constexpr std::string_view kHeader = "80 ef 1234 01020304 0a0b0c0d";

std::optional<ErrorCode> ParseCode(ByteSpan packet) { return CodeOf(ParseRtp(packet)); }

TEST(RtpPacket, ParsesTheFixedHeader) {
  const auto bytes = Concat({Hex(kHeader), Hex("aa bb cc")});
  const auto view = ParseRtp(bytes);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->header, (RtpHeader{.payload_type = 111,
                                     .marker = true,
                                     .sequence_number = 0x1234,
                                     .timestamp = 0x01020304,
                                     .ssrc = 0x0A0B0C0D}));
  EXPECT_EQ(view->extensions, RtpExtensions{});
  EXPECT_EQ(view->transport_sequence_number_offset, 0u);
  EXPECT_THAT(view->payload, ElementsAre(0xAA, 0xBB, 0xCC));
}

TEST(RtpPacket, AcceptsAnEmptyPayload) {
  const auto bytes = Hex(kHeader);
  const auto view = ParseRtp(bytes);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->payload.empty());
}

TEST(RtpPacket, RefusesEveryOtherVersion) {
  for (const int version : {0, 1, 3}) {
    auto bytes = Hex(kHeader);
    bytes[0] = static_cast<uint8_t>(version << 6);
    EXPECT_EQ(ParseCode(bytes), ErrorCode::kMalformed) << version;
  }
}

TEST(RtpPacket, RefusesTruncationAtEveryByteOfItsHeader) {
  // Two CSRCs and an extension block of two words.
  const auto bytes = Concat({Hex("92 6f 0001 00000002 00000003 11111111 22222222"),
                             Hex("bede 0002 10 85 31 0102 00 00 00")});
  ASSERT_TRUE(ParseRtp(bytes));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ParseCode(ByteSpan(bytes).first(size)), ErrorCode::kTruncated) << size << " bytes";
  }
}

TEST(RtpPacket, SkipsContributingSources) {
  const auto bytes = Hex("82 6f 0001 00000002 00000003 11111111 22222222 dd");
  const auto view = ParseRtp(bytes);
  ASSERT_TRUE(view);
  EXPECT_THAT(view->payload, ElementsAre(0xDD));
}

TEST(RtpPacket, TakesOffThePadding) {
  const auto bytes = Hex("a0 6f 0001 00000002 00000003 aa bb 00 00 03");
  const auto view = ParseRtp(bytes);
  ASSERT_TRUE(view);
  EXPECT_THAT(view->payload, ElementsAre(0xAA, 0xBB));

  const auto only_padding = Hex("a0 6f 0001 00000002 00000003 00 02");
  const auto padding_view = ParseRtp(only_padding);
  ASSERT_TRUE(padding_view);
  EXPECT_TRUE(padding_view->payload.empty());
}

TEST(RtpPacket, RefusesPaddingOfNothingOrOfMoreThanThePayload) {
  EXPECT_EQ(ParseCode(Hex("a0 6f 0001 00000002 00000003 aa bb 00")), ErrorCode::kMalformed);
  EXPECT_EQ(ParseCode(Hex("a0 6f 0001 00000002 00000003 aa bb 04")), ErrorCode::kMalformed);
  EXPECT_EQ(ParseCode(Hex("a0 6f 0001 00000002 00000003")), ErrorCode::kMalformed);
}

TEST(RtpPacket, RefusesMoreThanItsLargestSize) {
  std::vector<uint8_t> bytes = Hex(kHeader);
  bytes.resize(kMaxReceivedPacketSize);
  EXPECT_TRUE(ParseRtp(bytes));
  bytes.push_back(0);
  EXPECT_EQ(ParseCode(bytes), ErrorCode::kLimitExceeded);
}

TEST(RtpExtensions, ReadsAllThatFerryUses) {
  const auto bytes = Concat({Hex("90 6f 0001 00000002 00000003 bede 0004"),
                             Hex("10 9e  27 0102030405060708  31 abcd  00 00"), Hex("dd")});
  const auto view = ParseRtp(bytes);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->extensions.audio_level, (AudioLevel{.minus_dbov = 30, .voice_activity = true}));
  EXPECT_EQ(view->extensions.absolute_capture_time, 0x0102030405060708u);
  EXPECT_EQ(view->extensions.transport_sequence_number, 0xABCD);
  EXPECT_EQ(view->transport_sequence_number_offset, 28u);
  EXPECT_EQ(bytes[28], 0xAB);
  EXPECT_THAT(view->payload, ElementsAre(0xDD));
}

TEST(RtpExtensions, ReadsThemUnderAnotherSendersIds) {
  const auto bytes = Concat({Hex("90 6f 0001 00000002 00000003 bede 0004"),
                             Hex("40 9e  57 0102030405060708  11 abcd  00 00"), Hex("dd")});
  const auto view = ParseRtp(
      bytes, {.audio_level = 4, .absolute_capture_time = 5, .transport_sequence_number = 1});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->extensions.audio_level, (AudioLevel{.minus_dbov = 30, .voice_activity = true}));
  EXPECT_EQ(view->extensions.absolute_capture_time, 0x0102030405060708u);
  EXPECT_EQ(view->extensions.transport_sequence_number, 0xABCD);
  EXPECT_EQ(view->transport_sequence_number_offset, 28u);
  const auto none = ParseRtp(
      bytes, {.audio_level = 0, .absolute_capture_time = 0, .transport_sequence_number = 0});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->extensions, RtpExtensions{}) << "0 is padding, and no id";
}

TEST(RtpExtensions, TellsWhereTheTransportWideNumberIsWritten) {
  for (const bool level : {false, true}) {
    for (const bool capture : {false, true}) {
      RtpExtensions extensions;
      if (level) extensions.audio_level = AudioLevel{.minus_dbov = 30};
      if (capture) extensions.absolute_capture_time = 7;
      EXPECT_EQ(TransportSequenceNumberOffset(extensions), 0u);
      extensions.transport_sequence_number = 0x1234;
      std::array<uint8_t, 64> out{};
      const auto size = WriteRtp({}, extensions, {}, out);
      ASSERT_TRUE(size);
      EXPECT_EQ(ParseRtp(std::span(out).first(*size))->transport_sequence_number_offset,
                TransportSequenceNumberOffset(extensions));
    }
  }
}

TEST(RtpExtensions, SkipsPaddingBetweenElementsAndUnknownOnes) {
  const auto bytes =
      Hex("90 6f 0001 00000002 00000003 bede 0004"
          "00 00 10 05  e3 01020304 00  52 010203 00 00");
  const auto view = ParseRtp(bytes);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->extensions.audio_level, (AudioLevel{.minus_dbov = 5}));
  EXPECT_FALSE(view->extensions.transport_sequence_number);
}

TEST(RtpExtensions, TheReservedIdEndsTheBlock) {
  const auto bytes = Hex("90 6f 0001 00000002 00000003 bede 0002 10 05 f0 00 31 00 07 00 dd");
  const auto view = ParseRtp(bytes);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->extensions.audio_level) << "what came before counts";
  EXPECT_FALSE(view->extensions.transport_sequence_number) << "what comes after does not";
  EXPECT_THAT(view->payload, ElementsAre(0xDD));
}

TEST(RtpExtensions, PaddingWithALengthEndsTheBlock) {
  const auto bytes = Hex("90 6f 0001 00000002 00000003 bede 0002 10 05 03 31 00 07 00 00 dd");
  const auto view = ParseRtp(bytes);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->extensions.audio_level);
  EXPECT_FALSE(view->extensions.transport_sequence_number);
}

TEST(RtpExtensions, SkipsTheTwoByteFormAndOtherProfiles) {
  for (const std::string_view profile : {"1000", "100f", "abac"}) {
    const auto bytes = Concat(
        {Hex("90 6f 0001 00000002 00000003"), Hex(profile), Hex("0002 10 01 85 00 31 02 abcd dd")});
    const auto view = ParseRtp(bytes);
    ASSERT_TRUE(view) << profile;
    EXPECT_EQ(view->extensions, RtpExtensions{}) << profile;
    EXPECT_THAT(view->payload, ElementsAre(0xDD)) << profile;
  }
}

TEST(RtpExtensions, AcceptsAnEmptyBlock) {
  const auto bytes = Hex("90 6f 0001 00000002 00000003 bede 0000 dd");
  const auto view = ParseRtp(bytes);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->extensions, RtpExtensions{});
  EXPECT_THAT(view->payload, ElementsAre(0xDD));
}

TEST(RtpExtensions, RefusesAnElementThatPassesTheEndOfItsBlock) {
  EXPECT_EQ(ParseCode(Hex("90 6f 0001 00000002 00000003 bede 0001 00 00 00 10 dd")),
            ErrorCode::kMalformed);
  EXPECT_EQ(ParseCode(Hex("90 6f 0001 00000002 00000003 bede 0001 31 01 02 5f dd")),
            ErrorCode::kMalformed);
}

TEST(RtpExtensions, IgnoresKnownIdsOfAnotherSize) {
  const auto bytes =
      Hex("90 6f 0001 00000002 00000003 bede 0004"
          "11 0102  23 01020304  33 01020304  00 00 00");
  const auto view = ParseRtp(bytes);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->extensions, RtpExtensions{});
  EXPECT_EQ(view->transport_sequence_number_offset, 0u);
}

TEST(RtpExtensions, ReadsTheLongFormOfTheCaptureTime) {
  const auto bytes =
      Hex("90 6f 0001 00000002 00000003 bede 0005"
          "2f 0102030405060708 1112131415161718 00 00 00");
  const auto view = ParseRtp(bytes);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->extensions.absolute_capture_time, 0x0102030405060708u);
}

TEST(RtpWriter, WritesWhatTheFormatsSay) {
  std::array<uint8_t, 64> out;
  const auto payload = Hex("dd ee");
  const RtpHeader header{.payload_type = 111,
                         .marker = true,
                         .sequence_number = 0x1234,
                         .timestamp = 0x01020304,
                         .ssrc = 0x0A0B0C0D};
  auto size = WriteRtp(header, {}, payload, out);
  ASSERT_TRUE(size);
  EXPECT_THAT(ByteSpan(out).first(*size), ElementsAreArray(Concat({Hex(kHeader), payload})));

  const RtpExtensions extensions{
      .audio_level = AudioLevel{.minus_dbov = 30, .voice_activity = true},
      .absolute_capture_time = 0x0102030405060708,
      .transport_sequence_number = 0xABCD};
  size = WriteRtp(header, extensions, payload, out);
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, RtpHeaderSize(extensions) + 2);
  EXPECT_THAT(ByteSpan(out).first(*size),
              ElementsAreArray(Hex("90 ef 1234 01020304 0a0b0c0d bede 0004"
                                   "10 9e 27 0102030405060708 31 abcd 00 00 dd ee")));
}

TEST(RtpWriter, RefusesABufferOneByteTooSmall) {
  const RtpExtensions extensions{.transport_sequence_number = 1};
  const auto payload = Hex("dd");
  std::array<uint8_t, 21> out;
  ASSERT_EQ(RtpHeaderSize(extensions) + 1, out.size());
  EXPECT_TRUE(WriteRtp({}, extensions, payload, out));
  for (size_t room = 0; room < out.size(); ++room) {
    const auto size = WriteRtp({}, extensions, payload, MutableByteSpan(out).first(room));
    EXPECT_EQ(CodeOf(size), ErrorCode::kLimitExceeded) << room;
  }
}

TEST(RtpWriter, RefusesValuesThatDoNotFitTheirFields) {
  std::array<uint8_t, 64> out;
  EXPECT_EQ(CodeOf(WriteRtp({.payload_type = 128}, {}, {}, out)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(WriteRtp({}, {.audio_level = AudioLevel{.minus_dbov = 128}}, {}, out)),
            ErrorCode::kInvalidArgument);
}

TEST(RtpWriter, ParsesBackWhateverItWrites) {
  std::mt19937 random(7);
  std::array<uint8_t, kMaxPacketSize> out;
  for (int round = 0; round < 2000; ++round) {
    const RtpHeader header{.payload_type = static_cast<uint8_t>(random() & 0x7F),
                           .marker = (random() & 1) != 0,
                           .sequence_number = static_cast<uint16_t>(random()),
                           .timestamp = static_cast<uint32_t>(random()),
                           .ssrc = static_cast<uint32_t>(random())};
    RtpExtensions extensions;
    if ((random() & 1) != 0) {
      extensions.audio_level = AudioLevel{.minus_dbov = static_cast<uint8_t>(random() & 0x7F),
                                          .voice_activity = (random() & 1) != 0};
    }
    if ((random() & 1) != 0) extensions.absolute_capture_time = uint64_t{random()} << 32 | random();
    if ((random() & 1) != 0) {
      extensions.transport_sequence_number = static_cast<uint16_t>(random());
    }
    std::vector<uint8_t> payload(random() % (kMaxPacketSize - RtpHeaderSize(extensions) + 1));
    for (uint8_t& byte : payload) byte = static_cast<uint8_t>(random());

    const auto size = WriteRtp(header, extensions, payload, out);
    ASSERT_TRUE(size);
    const auto view = ParseRtp(ByteSpan(out).first(*size));
    ASSERT_TRUE(view);
    EXPECT_EQ(view->header, header);
    EXPECT_EQ(view->extensions, extensions);
    EXPECT_THAT(view->payload, ElementsAreArray(payload));
    EXPECT_EQ(view->transport_sequence_number_offset != 0,
              extensions.transport_sequence_number.has_value());
  }
}

TEST(RtpRewrite, ChangesEachFieldAndNothingElse) {
  auto bytes = Hex("90 ef 1234 01020304 0a0b0c0d bede 0001 31 abcd 00 dd");
  const auto view = ParseRtp(bytes);
  ASSERT_TRUE(view);
  RewriteSequenceNumber(bytes, 0xFFFF);
  RewriteTimestamp(bytes, 0xF1F2F3F4);
  RewriteSsrc(bytes, 0xE1E2E3E4);
  RewriteTransportSequenceNumber(bytes, view->transport_sequence_number_offset, 0x0001);
  EXPECT_EQ(bytes, Hex("90 ef ffff f1f2f3f4 e1e2e3e4 bede 0001 31 0001 00 dd"));
}

TEST(RtpRewrite, LeavesAPacketWithoutTransportSequenceNumberAlone) {
  auto bytes = Hex(kHeader);
  RewriteTransportSequenceNumber(bytes, 0, 0xFFFF);
  EXPECT_EQ(bytes, Hex(kHeader));
}

TEST(RtpPacket, ParsingWritingAndRewritingDoNotAllocate) {
  auto bytes =
      Hex("90 ef 1234 01020304 0a0b0c0d bede 0004"
          "10 9e 27 0102030405060708 31 abcd 00 00 dd ee");
  std::array<uint8_t, 64> out;
  const size_t before = allocations;
  const auto view = ParseRtp(bytes);
  RewriteSsrc(bytes, 1);
  RewriteSequenceNumber(bytes, 2);
  RewriteTimestamp(bytes, 3);
  RewriteTransportSequenceNumber(bytes, view->transport_sequence_number_offset, 4);
  const auto size = WriteRtp(view->header, view->extensions, view->payload, out);
  const size_t after = allocations;
  EXPECT_EQ(after, before);
  EXPECT_EQ(size, bytes.size());
}

TEST(RtpPacket, IsWhatItsParseFoundWithACopyOfItsBytes) {
  std::array<uint8_t, 100> buffer;
  const RtpHeader header{.payload_type = kVp8PayloadType, .sequence_number = 0xFFFE, .ssrc = 3};
  const RtpExtensions extensions{.transport_sequence_number = 7};
  const size_t size = *WriteRtp(header, extensions, Hex("0102030405"), buffer);
  const auto written = std::span(buffer).first(size);
  const RtpPacket packet = RtpPacket::Copy(written, *ParseRtp(written));
  EXPECT_THAT(packet.bytes, ElementsAreArray(written));
  EXPECT_EQ(packet.header, header);
  EXPECT_EQ(packet.extensions, extensions);
  EXPECT_THAT(packet.payload(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(packet.sequence, 0xFFFE);
  EXPECT_EQ(packet.kind(), MediaKind::kVideo);
}

TEST(RtpPacket, IsMadeAsItsParseWouldFindItAndTakesItsTransportWideNumber) {
  const RtpHeader header{.payload_type = kOpusPayloadType, .sequence_number = 9, .ssrc = 3};
  RtpExtensions extensions{.audio_level = AudioLevel{}, .transport_sequence_number = 0};
  RtpPacket packet = *RtpPacket::Make(header, extensions, Hex("aabb"));
  packet.SetTransportSequenceNumber(0x1234);
  extensions.transport_sequence_number = 0x1234;
  EXPECT_EQ(packet.extensions, extensions);
  const auto view = ParseRtp(packet.bytes);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->header, header);
  EXPECT_EQ(view->extensions, extensions);
  EXPECT_THAT(view->payload, ElementsAreArray(packet.payload()));
  EXPECT_EQ(packet.kind(), MediaKind::kAudio);
}

TEST(RtpPacket, WithoutRoomForATransportWideNumberStaysAsItIs) {
  RtpPacket packet = *RtpPacket::Make({.ssrc = 3}, {}, Hex("aabb"));
  const RtpPacket before = packet;
  packet.SetTransportSequenceNumber(0x1234);
  EXPECT_EQ(packet.bytes, before.bytes);
  EXPECT_EQ(packet.extensions, before.extensions);
}

TEST(RtpPacket, IsNotMadeOfAHeaderThatCannotBe) {
  EXPECT_EQ(RtpPacket::Make({.payload_type = 128}, {}, {}).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(IsRtcp, TellsRtcpByItsPacketType) {
  // RFC 5761 §4: 192 to 223, which RTP payload types 64 to 95 with marker would be.
  EXPECT_TRUE(IsRtcp(Hex("80 c0")));
  EXPECT_TRUE(IsRtcp(Hex("81 c8 0001")));
  EXPECT_TRUE(IsRtcp(Hex("8f cd 0001")));
  EXPECT_TRUE(IsRtcp(Hex("80 df")));
  EXPECT_FALSE(IsRtcp(Hex("80 bf")));
  EXPECT_FALSE(IsRtcp(Hex("80 e0"))) << "VP8 (96) with marker";
  EXPECT_FALSE(IsRtcp(Hex("80 ef"))) << "Opus (111) with marker";
  EXPECT_FALSE(IsRtcp(Hex("80 60")));
  EXPECT_FALSE(IsRtcp(Hex("40 c8"))) << "version 1";
  EXPECT_FALSE(IsRtcp(Hex("80")));
  EXPECT_FALSE(IsRtcp({}));
}

}  // namespace
}  // namespace ferry::rtp
