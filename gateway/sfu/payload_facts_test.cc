#include "gateway/sfu/payload_facts.h"

#include <gtest/gtest.h>

#include <vector>

namespace ferry::gateway {
namespace {

bool Vp8(std::vector<uint8_t> payload) { return FactsOf(Codec::kVp8, payload).starts_keyframe; }
bool Vp9(std::vector<uint8_t> payload) { return FactsOf(Codec::kVp9, payload).starts_keyframe; }

TEST(StartsKeyframe, Vp8ByTheFrameHeadersPBit) {
  EXPECT_TRUE(Vp8({0x10, 0x00, 0x00}));
  EXPECT_FALSE(Vp8({0x10, 0x01, 0x00}));                   // inter frame
  EXPECT_FALSE(Vp8({0x00, 0x00, 0x00}));                   // not its first packet
  EXPECT_TRUE(Vp8({0x90, 0x80, 0x81, 0x23, 0x00, 0x00}));  // 15-bit picture id
  EXPECT_FALSE(Vp8({0x90, 0x80, 0x81, 0x23}));             // nothing behind the descriptor
}

TEST(StartsKeyframe, Vp9ByTheDescriptor) {
  EXPECT_TRUE(Vp9({0x08, 0x00}));                     // B
  EXPECT_FALSE(Vp9({0x48, 0x00}));                    // P: predicted from another picture
  EXPECT_FALSE(Vp9({0x00, 0x00}));                    // not its first packet
  EXPECT_TRUE(Vp9({0x88, 0x81, 0x23, 0x00}));         // 15-bit picture id
  EXPECT_TRUE(Vp9({0xA8, 0x81, 0x23, 0x00, 0x00}));   // spatial layer 0
  EXPECT_FALSE(Vp9({0xA8, 0x81, 0x23, 0x02, 0x00}));  // spatial layer 1
  EXPECT_FALSE(Vp9({0xA8, 0x81, 0x23}));              // cut short
}

TEST(StartsKeyframe, AudioAndRubbishHaveNone) {
  EXPECT_FALSE(FactsOf(Codec::kOpus, std::vector<uint8_t>{0x10, 0x00}).starts_keyframe);
  EXPECT_FALSE(Vp8({}));
  EXPECT_FALSE(Vp9({}));
}

TEST(PayloadFacts, TellWhereTheNumbersStand) {
  // VP8 with a long picture id, TL0PICIDX 9, temporal layer 2 with layer sync.
  const std::vector<uint8_t> vp8{0x90, 0xE0, 0x81, 0x23, 9, 0xA0, 0x01};
  const PayloadFacts facts = FactsOf(Codec::kVp8, vp8);
  EXPECT_EQ(facts.picture_id_offset, 2);
  EXPECT_EQ(facts.numbers.picture_id, 0x123);
  EXPECT_EQ(facts.tl0_index_offset, 4);
  EXPECT_EQ(facts.numbers.tl0_index, 9);
  EXPECT_EQ(facts.temporal_id, 2);
  EXPECT_TRUE(facts.layer_sync);
  // A short picture id keeps its place but is not one that is rewritten.
  const PayloadFacts short_id =
      FactsOf(Codec::kVp8, std::vector<uint8_t>{0x90, 0xE0, 0x23, 9, 0xA0, 0x01});
  EXPECT_EQ(short_id.picture_id_offset, 0);
  EXPECT_EQ(short_id.tl0_index_offset, 3);
  const PayloadFacts vp9 =
      FactsOf(Codec::kVp9, std::vector<uint8_t>{0xA8, 0x81, 0x23, 0x50, 7, 0x00});
  EXPECT_EQ(vp9.picture_id_offset, 1);
  EXPECT_EQ(vp9.temporal_id, 2);
  EXPECT_TRUE(vp9.layer_sync);
  EXPECT_EQ(vp9.tl0_index_offset, 4);
  EXPECT_EQ(vp9.numbers.tl0_index, 7);
}

TEST(PayloadFacts, CutShortAnywhereThereAreNone) {
  const std::vector<uint8_t> vp8{0x90, 0xE0, 0x81, 0x23, 9, 0xA0, 0x00};
  const std::vector<uint8_t> vp9{0xA8, 0x81, 0x23, 0x00, 7};
  for (size_t size = 0; size < vp8.size(); ++size) {
    EXPECT_FALSE(FactsOf(Codec::kVp8, ByteSpan(vp8).first(size)).starts_frame) << size;
  }
  for (size_t size = 0; size < vp9.size(); ++size) {
    EXPECT_FALSE(FactsOf(Codec::kVp9, ByteSpan(vp9).first(size)).starts_frame) << size;
  }
}

}  // namespace
}  // namespace ferry::gateway
