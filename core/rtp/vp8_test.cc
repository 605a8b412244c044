#include "core/rtp/vp8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <random>

#include "core/rtp/test_bytes.h"

namespace ferry::rtp {
namespace {

using testing::ElementsAre;

TEST(Vp8Payload, ReadsTheShortestDescriptor) {
  const auto bytes = Hex("10 00 aa");
  const auto payload = ParseVp8(bytes);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->descriptor, (Vp8Descriptor{.start_of_partition = true}));
  EXPECT_EQ(payload->descriptor_size, 1u);
  EXPECT_THAT(payload->data, ElementsAre(0x00, 0xAA));
  EXPECT_TRUE(payload->starts_frame());
  EXPECT_TRUE(payload->starts_keyframe());
}

TEST(Vp8Payload, ReadsEveryField) {
  const auto bytes = Hex("b3 f0 9234 56 b7 01");
  const auto payload = ParseVp8(bytes);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->descriptor, (Vp8Descriptor{.start_of_partition = true,
                                                .partition_index = 3,
                                                .non_reference = true,
                                                .picture_id = 0x1234,
                                                .tl0_picture_index = 0x56,
                                                .temporal_id = 2,
                                                .layer_sync = true,
                                                .key_index = 0x17}));
  EXPECT_EQ(payload->descriptor_size, 6u);
  EXPECT_FALSE(payload->starts_frame()) << "partition 3 starts here, not the frame";
}

TEST(Vp8Payload, ReadsAShortPictureId) {
  const auto bytes = Hex("90 80 7f 01");
  const auto payload = ParseVp8(bytes);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->descriptor.picture_id, 0x7F);
  EXPECT_FALSE(payload->starts_keyframe()) << "the P bit says interframe";
}

TEST(Vp8Payload, TemporalFieldsCountOnlyWhenTheirBitsAreSet) {
  const auto key_index_only = Hex("80 10 f5 01");
  const auto payload = ParseVp8(key_index_only);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->descriptor, (Vp8Descriptor{.key_index = 0x15}));
  const auto temporal_only = Hex("80 20 7f 01");
  const auto temporal = ParseVp8(temporal_only);
  ASSERT_TRUE(temporal);
  EXPECT_EQ(temporal->descriptor, (Vp8Descriptor{.temporal_id = 1, .layer_sync = true}));
}

TEST(Vp8Payload, IgnoresReservedBits) {
  const auto bytes = Hex("58 01");
  const auto payload = ParseVp8(bytes);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->descriptor, (Vp8Descriptor{.start_of_partition = true}));
}

TEST(Vp8Payload, RefusesTruncationAtEveryByteAndADescriptorAlone) {
  const auto bytes = Hex("90 f0 9234 56 a7 01");
  ASSERT_TRUE(ParseVp8(bytes));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(CodeOf(ParseVp8(ByteSpan(bytes).first(size))), ErrorCode::kTruncated) << size;
  }
}

TEST(Vp8KeyframeSize, ReadsWidthAndHeightWithoutTheirScales) {
  // 640 x 360 with scales 1 and 2.
  const auto frame = Hex("10 02 00 9d 01 2a 80 42 68 81");
  const auto size = Vp8KeyframeSize(frame);
  ASSERT_TRUE(size);
  EXPECT_EQ(size->width, 640);
  EXPECT_EQ(size->height, 360);
}

TEST(Vp8KeyframeSize, IsToldByKeyframesOnly) {
  const auto frame = Hex("10 02 00 9d 01 2a 80 02 68 01");
  ASSERT_TRUE(Vp8KeyframeSize(frame));
  for (size_t size = 0; size < frame.size(); ++size) {
    EXPECT_FALSE(Vp8KeyframeSize(ByteSpan(frame).first(size))) << size;
  }
  EXPECT_FALSE(Vp8KeyframeSize(Hex("11 02 00 9d 01 2a 80 02 68 01"))) << "interframe";
  EXPECT_FALSE(Vp8KeyframeSize(Hex("10 02 00 9d 01 2b 80 02 68 01"))) << "bad start code";
  EXPECT_FALSE(Vp8KeyframeSize(Hex("10 02 00 9d 01 2a 00 40 68 01"))) << "no width";
}

TEST(Vp8Packetizer, WritesTheDescriptorTheRfcShows) {
  const std::vector<uint8_t> frame = {0x01, 0x02, 0x03};
  Vp8Packetizer packetizer(frame,
                           {.non_reference = true,
                            .picture_id = 0x11,
                            .tl0_picture_index = 0x22,
                            .temporal_id = 1,
                            .layer_sync = true},
                           100);
  ASSERT_EQ(packetizer.packet_count(), 1u);
  std::array<uint8_t, 100> out;
  const size_t size = packetizer.Next(out);
  EXPECT_THAT(ByteSpan(out).first(size),
              testing::ElementsAreArray(Hex("b0 e0 8011 22 60 01 02 03")));
  EXPECT_EQ(packetizer.Next(out), 0u);
}

TEST(Vp8Packetizer, SplitsIntoPayloadsOfAboutEqualSize) {
  std::vector<uint8_t> frame(1000);
  std::iota(frame.begin(), frame.end(), uint8_t{0});
  const Vp8Descriptor descriptor{.picture_id = 5};
  Vp8Packetizer packetizer(frame, descriptor, 304);  // 300 of data: four packets
  ASSERT_EQ(packetizer.packet_count(), 4u);
  std::array<uint8_t, 304> out;
  std::vector<uint8_t> joined;
  for (size_t i = 0; i < 4; ++i) {
    const auto payload = ParseVp8(ByteSpan(out).first(packetizer.Next(out)));
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->starts_frame(), i == 0);
    EXPECT_EQ(payload->data.size(), 250u);
    joined.insert(joined.end(), payload->data.begin(), payload->data.end());
  }
  EXPECT_EQ(joined, frame);
  EXPECT_EQ(packetizer.Next(out), 0u);
}

TEST(Vp8Packetizer, HasNothingToSayOfAnEmptyFrameOrWithoutRoom) {
  std::array<uint8_t, 10> out;
  EXPECT_EQ(Vp8Packetizer({}, {}, 100).packet_count(), 0u);
  EXPECT_EQ(Vp8Packetizer({}, {}, 100).Next(out), 0u);
  const std::vector<uint8_t> frame(5);
  EXPECT_EQ(Vp8Packetizer(frame, {.picture_id = 1}, 4).packet_count(), 0u);
  EXPECT_EQ(Vp8Packetizer(frame, {.picture_id = 1}, 5).packet_count(), 5u);
}

TEST(Vp8Packetizer, KeepsThePayloadForALargerBuffer) {
  const std::vector<uint8_t> frame = {0x01, 0x02, 0x03};
  Vp8Packetizer packetizer(frame, {}, 100);
  std::array<uint8_t, 4> out;
  EXPECT_EQ(packetizer.Next(MutableByteSpan(out).first(3)), 0u);
  EXPECT_EQ(packetizer.Next(out), 4u);
}

TEST(Vp8Packetizer, IsUndoneByTheParser) {
  std::mt19937 random(3);
  for (int round = 0; round < 1000; ++round) {
    const auto maybe = [&random](uint32_t mask) {
      return (random() & 1) != 0 ? std::optional<uint32_t>(random() & mask) : std::nullopt;
    };
    Vp8Descriptor descriptor{.non_reference = (random() & 1) != 0};
    descriptor.picture_id = maybe(0x7FFF);
    descriptor.tl0_picture_index = maybe(0xFF);
    descriptor.temporal_id = maybe(3);
    descriptor.layer_sync = descriptor.temporal_id && (random() & 1) != 0;
    descriptor.key_index = maybe(0x1F);
    std::vector<uint8_t> frame(1 + random() % 5000);
    for (uint8_t& byte : frame) byte = static_cast<uint8_t>(random());
    const size_t max_payload = 7 + random() % 1144;

    Vp8Packetizer packetizer(frame, descriptor, max_payload);
    std::vector<uint8_t> out(max_payload);
    std::vector<uint8_t> joined;
    for (size_t i = 0; i < packetizer.packet_count(); ++i) {
      const size_t size = packetizer.Next(out);
      ASSERT_NE(size, 0u);
      const auto payload = ParseVp8(ByteSpan(out).first(size));
      ASSERT_TRUE(payload);
      descriptor.start_of_partition = i == 0;
      EXPECT_EQ(payload->descriptor, descriptor);
      joined.insert(joined.end(), payload->data.begin(), payload->data.end());
    }
    EXPECT_EQ(joined, frame);
  }
}

TEST(Vp8PictureId, IsRewrittenInPlace) {
  auto payload = Hex("90 80 8001 aa");
  EXPECT_TRUE(RewriteVp8PictureId(payload, 0x7FFF));
  EXPECT_EQ(payload, Hex("90 80 ffff aa"));
  EXPECT_TRUE(RewriteVp8PictureId(payload, 0x8000)) << "wraps to 15 bits";
  EXPECT_EQ(payload, Hex("90 80 8000 aa"));
}

TEST(Vp8PictureId, IsLeftAloneWhereItHasNot15Bits) {
  for (const std::string_view text : {"10 aa bb cc", "90 60 aa bb cc", "90 80 01 bb", "90 80 80"}) {
    auto payload = Hex(text);
    EXPECT_FALSE(RewriteVp8PictureId(payload, 7)) << text;
    EXPECT_EQ(payload, Hex(text));
  }
}

}  // namespace
}  // namespace ferry::rtp
