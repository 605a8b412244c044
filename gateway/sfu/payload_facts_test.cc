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

}  // namespace
}  // namespace ferry::gateway
