#include "core/rtp/rtcp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/rtp/test_bytes.h"

namespace ferry::rtp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kReport =
    "81 c8 000c 00000001 e0000000 80000000 00001000 00000064 00002710"
    "00000002 40 fffffe 00010005 00000011 12345678 00010000";
constexpr std::string_view kPli = "81 ce 0002 00000001 00000002";

template <typename T>
T ParseOne(ByteSpan bytes) {
  const auto packets = ParseRtcp(bytes);
  EXPECT_TRUE(packets.has_value()) << (packets ? "" : packets.error().message);
  if (!packets || packets->size() != 1 || !std::holds_alternative<T>(packets->front())) {
    ADD_FAILURE() << "not one packet of the expected type";
    return {};
  }
  return std::get<T>(packets->front());
}

std::vector<uint8_t> Bytes(const RtcpPacket& packet) {
  std::vector<uint8_t> out;
  const auto appended = AppendRtcp(packet, out);
  EXPECT_TRUE(appended.has_value()) << (appended ? "" : appended.error().message);
  return out;
}

std::optional<ErrorCode> ParseCode(ByteSpan bytes) { return CodeOf(ParseRtcp(bytes)); }

std::optional<ErrorCode> AppendCode(const RtcpPacket& packet) {
  std::vector<uint8_t> out = {1, 2, 3, 4};
  const auto appended = AppendRtcp(packet, out);
  EXPECT_THAT(out, ElementsAre(1, 2, 3, 4)) << "an error leaves the compound as it was";
  return CodeOf(appended);
}

TEST(SenderReport, MatchesItsWireFormat) {
  const SenderReport report{.sender_ssrc = 1,
                            .ntp_time = 0xE000000080000000,
                            .rtp_timestamp = 0x1000,
                            .packet_count = 100,
                            .octet_count = 10000,
                            .blocks = {{.ssrc = 2,
                                        .fraction_lost = 0x40,
                                        .cumulative_lost = -2,
                                        .highest_sequence = 0x10005,
                                        .jitter = 17,
                                        .last_sr = 0x12345678,
                                        .delay_since_last_sr = 0x10000}}};
  EXPECT_EQ(Bytes(report), Hex(kReport));
  EXPECT_EQ(ParseOne<SenderReport>(Hex(kReport)), report);
}

TEST(SenderReport, SkipsProfileSpecificExtensions) {
  const auto bytes =
      Hex("80 c8 0007 00000001 e000000080000000 00001000 00000064 00002710 ffffffff");
  EXPECT_EQ(ParseOne<SenderReport>(bytes).octet_count, 10000u);
}

TEST(ReceiverReport, MatchesItsWireFormat) {
  const auto bytes =
      Hex("81 c9 0007 00000001 00000002 ff 7fffff 00010005 00000011 00000000 00000000");
  const ReceiverReport report{.sender_ssrc = 1,
                              .blocks = {{.ssrc = 2,
                                          .fraction_lost = 255,
                                          .cumulative_lost = 0x7FFFFF,
                                          .highest_sequence = 0x10005,
                                          .jitter = 17}}};
  EXPECT_EQ(Bytes(report), bytes);
  EXPECT_EQ(ParseOne<ReceiverReport>(bytes), report);
}

TEST(ReceiverReport, ClampsTheCumulativeLossToItsField) {
  for (const auto& [lost, written] : {std::pair{0x800000, 0x7FFFFF},
                                      {INT32_MAX, 0x7FFFFF},
                                      {-0x800001, -0x800000},
                                      {INT32_MIN, -0x800000}}) {
    const auto bytes = Bytes(ReceiverReport{.blocks = {{.cumulative_lost = lost}}});
    EXPECT_EQ(ParseOne<ReceiverReport>(bytes).blocks[0].cumulative_lost, written);
  }
}

TEST(Reports, Hold31BlocksAndNoMore) {
  ReceiverReport receiver{.sender_ssrc = 1, .blocks = std::vector<ReportBlock>(31)};
  SenderReport sender{.sender_ssrc = 1, .blocks = std::vector<ReportBlock>(31)};
  for (uint32_t i = 0; i < 31; ++i) receiver.blocks[i].ssrc = sender.blocks[i].ssrc = i;
  EXPECT_EQ(ParseOne<ReceiverReport>(Bytes(receiver)), receiver);
  EXPECT_EQ(ParseOne<SenderReport>(Bytes(sender)), sender);
  receiver.blocks.emplace_back();
  sender.blocks.emplace_back();
  EXPECT_EQ(AppendCode(receiver), ErrorCode::kLimitExceeded);
  EXPECT_EQ(AppendCode(sender), ErrorCode::kLimitExceeded);
}

TEST(Reports, RefuseACountBeyondTheirLength) {
  auto bytes = Hex(kReport);
  bytes[0] = 0x82;
  EXPECT_EQ(ParseCode(bytes), ErrorCode::kTruncated);
  EXPECT_EQ(ParseCode(Hex("9f c9 0001 00000001")), ErrorCode::kTruncated);
  EXPECT_EQ(ParseCode(Hex("80 c9 0000")), ErrorCode::kTruncated);
}

TEST(Bye, MatchesItsWireFormat) {
  const Bye bye{.ssrcs = {1, 0xFFFFFFFF}};
  EXPECT_EQ(Bytes(bye), Hex("82 cb 0002 00000001 ffffffff"));
  EXPECT_EQ(ParseOne<Bye>(Bytes(bye)), bye);
}

TEST(Bye, IgnoresTheReasonAndMayNameNobody) {
  EXPECT_THAT(ParseOne<Bye>(Hex("81 cb 0003 00000001 05 6c656176 65 00 00")).ssrcs, ElementsAre(1));
  EXPECT_THAT(ParseOne<Bye>(Hex("80 cb 0000")).ssrcs, IsEmpty());
}

TEST(Bye, Holds31SourcesAndNoMore) {
  EXPECT_EQ(ParseOne<Bye>(Bytes(Bye{.ssrcs = std::vector<uint32_t>(31, 7)})).ssrcs.size(), 31u);
  EXPECT_EQ(AppendCode(Bye{.ssrcs = std::vector<uint32_t>(32)}), ErrorCode::kLimitExceeded);
  EXPECT_EQ(ParseCode(Hex("82 cb 0001 00000001")), ErrorCode::kTruncated);
}

TEST(Nack, MatchesItsWireFormat) {
  const Nack nack{.sender_ssrc = 1, .media_ssrc = 2, .sequence_numbers = {100, 101, 116, 117}};
  const auto bytes = Hex("81 cd 0004 00000001 00000002 0064 8001 0075 0000");
  EXPECT_EQ(Bytes(nack), bytes);
  EXPECT_EQ(ParseOne<Nack>(bytes), nack);
}

TEST(Nack, CountsOnAcrossTheWrap) {
  const Nack nack{.sequence_numbers = {0xFFFE, 0xFFFF, 0, 14}};
  const auto bytes = Bytes(nack);
  EXPECT_EQ(bytes.size(), 16u) << "one entry";
  EXPECT_EQ(ParseOne<Nack>(bytes), nack);
}

TEST(Nack, KeepsAnyOrderAndRepetitions) {
  const Nack nack{.sequence_numbers = {5, 7, 6, 6, 4}};
  EXPECT_EQ(ParseOne<Nack>(Bytes(nack)), nack);
}

TEST(Nack, ExpandsAtMostItsLimit) {
  Nack nack{.sender_ssrc = 1, .media_ssrc = 2, .sequence_numbers = {}};
  for (size_t i = 0; i < kMaxNackedPackets; ++i) {
    nack.sequence_numbers.push_back(static_cast<uint16_t>(0xF000 + i));
  }
  auto bytes = Bytes(nack);
  EXPECT_EQ(bytes.size(), 12 + 4 * 253u);
  EXPECT_EQ(ParseOne<Nack>(bytes), nack);

  nack.sequence_numbers.push_back(1);
  EXPECT_EQ(AppendCode(nack), ErrorCode::kLimitExceeded);
  bytes.insert(bytes.end(), {0, 1, 0, 0});
  bytes[2] = 1;  // the length: 256 words more than one
  bytes[3] = 0;
  EXPECT_EQ(ParseCode(bytes), ErrorCode::kLimitExceeded);
}

TEST(Nack, NeedsAtLeastOneWholeEntry) {
  EXPECT_EQ(AppendCode(Nack{}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(ParseCode(Hex("81 cd 0002 00000001 00000002")), ErrorCode::kMalformed);
  EXPECT_EQ(ParseCode(Hex("81 cd 0001 00000001")), ErrorCode::kMalformed);
  EXPECT_EQ(ParseCode(Hex("a1 cd 0003 00000001 00000002 0001 0002")), ErrorCode::kMalformed)
      << "two bytes of an entry are padding";
}

TEST(Pli, MatchesItsWireFormat) {
  const PictureLossIndication pli{.sender_ssrc = 1, .media_ssrc = 2};
  EXPECT_EQ(Bytes(pli), Hex(kPli));
  EXPECT_EQ(ParseOne<PictureLossIndication>(Hex(kPli)), pli);
}

TEST(Pli, RefusesAnyOtherLength) {
  EXPECT_EQ(ParseCode(Hex("81 ce 0001 00000001")), ErrorCode::kMalformed);
  EXPECT_EQ(ParseCode(Hex("81 ce 0003 00000001 00000002 00000003")), ErrorCode::kMalformed);
}

TEST(RtcpCompound, ParsesItsPartsInOrder) {
  const auto packets = ParseRtcp(Concat({Hex(kReport), Hex(kPli), Hex("80 cb 0000")}));
  ASSERT_TRUE(packets);
  ASSERT_EQ(packets->size(), 3u);
  EXPECT_TRUE(std::holds_alternative<SenderReport>((*packets)[0]));
  EXPECT_TRUE(std::holds_alternative<PictureLossIndication>((*packets)[1]));
  EXPECT_TRUE(std::holds_alternative<Bye>((*packets)[2]));
}

TEST(RtcpCompound, SkipsTypesAndFormatsItDoesNotKnow) {
  const auto packets = ParseRtcp(Concat({
      Hex("81 ca 0003 00000001 01 04 61626364 00 00"),                 // SDES
      Hex("80 cc 0002 00000001 6e616d65"),                             // APP
      Hex("80 cf 0001 00000001"),                                      // XR
      Hex("84 ce 0004 00000001 00000000 00000002 01000000"),           // FIR
      Hex("8f ce 0005 00000001 00000000 52454d42 01000000 00000002"),  // REMB
      Hex("83 cd 0003 00000001 00000002 00000000"),                    // TMMBR
      Hex(kPli),
  }));
  ASSERT_TRUE(packets);
  EXPECT_EQ(packets->size(), 1u);
}

TEST(RtcpCompound, RefusesTruncationAtEveryByte) {
  const auto whole = Concat({Hex(kReport), Hex(kPli)});
  const size_t boundary = Hex(kReport).size();
  for (size_t size = 0; size < whole.size(); ++size) {
    if (size == boundary) continue;  // there the rest is missing unseen
    EXPECT_EQ(ParseCode(ByteSpan(whole).first(size)), ErrorCode::kTruncated) << size;
  }
}

TEST(RtcpCompound, RefusesOtherVersionsInAnyPart) {
  for (const uint8_t first : std::vector<uint8_t>{0x01, 0x41, 0xC1}) {
    auto bytes = Hex(kPli);
    bytes[0] = first;
    EXPECT_EQ(ParseCode(bytes), ErrorCode::kMalformed);
    EXPECT_EQ(ParseCode(Concat({Hex(kReport), bytes})), ErrorCode::kMalformed);
  }
}

TEST(RtcpCompound, TakesOffPaddingAndRefusesBadPadding) {
  const auto pli = ParseOne<PictureLossIndication>(Hex("a1 ce 0003 00000001 00000002 00000004"));
  EXPECT_EQ(pli.media_ssrc, 2u);
  EXPECT_EQ(ParseCode(Hex("a1 ce 0003 00000001 00000002 00000000")), ErrorCode::kMalformed);
  EXPECT_EQ(ParseCode(Hex("a1 ce 0003 00000001 00000002 0000000d")), ErrorCode::kMalformed);
  EXPECT_EQ(ParseCode(Hex("a0 cb 0000")), ErrorCode::kMalformed);
}

TEST(RtcpCompound, IsBoundedBothWays) {
  std::vector<uint8_t> out;
  while (AppendRtcp(PictureLossIndication{}, out)) {
  }
  EXPECT_EQ(out.size(), kMaxPacketSize / 12 * 12);
  EXPECT_EQ(CodeOf(AppendRtcp(PictureLossIndication{}, out)), ErrorCode::kLimitExceeded);
  EXPECT_EQ(ParseRtcp(out)->size(), kMaxPacketSize / 12);
  while (out.size() <= kMaxReceivedPacketSize) {
    out.insert(out.end(), {0x80, 0xCB, 0, 0});
  }
  EXPECT_EQ(ParseCode(out), ErrorCode::kLimitExceeded);
}

TEST(RtcpCompound, ParsesBackWhateverItWrites) {
  std::mt19937 random(11);
  const auto u32 = [&random] { return static_cast<uint32_t>(random()); };
  const auto blocks = [&] {
    std::vector<ReportBlock> out(random() % 5);
    for (ReportBlock& block : out) {
      block = {u32(),
               static_cast<uint8_t>(random()),
               static_cast<int32_t>(u32()) >> 8,
               u32(),
               u32(),
               u32(),
               u32()};
    }
    return out;
  };
  for (int round = 0; round < 1000; ++round) {
    Nack nack{u32(), u32(), std::vector<uint16_t>(1 + random() % 40)};
    for (uint16_t& number : nack.sequence_numbers) number = static_cast<uint16_t>(random() % 60);
    const std::vector<RtcpPacket> packets = {
        SenderReport{u32(), uint64_t{u32()} << 32 | u32(), u32(), u32(), u32(), blocks()},
        ReceiverReport{u32(), blocks()}, Bye{std::vector<uint32_t>(random() % 32, u32())}, nack,
        PictureLossIndication{u32(), u32()}};
    std::vector<uint8_t> bytes;
    for (const RtcpPacket& packet : packets) ASSERT_TRUE(AppendRtcp(packet, bytes));
    const auto parsed = ParseRtcp(bytes);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, packets);
  }
}

}  // namespace
}  // namespace ferry::rtp
