#include "core/rtp/opus.h"

#include <gtest/gtest.h>

#include "core/rtp/test_bytes.h"

namespace ferry::rtp {
namespace {
using namespace literals;

// The duration of a packet of one frame of this configuration.
Duration OneFrame(int config) {
  const uint8_t toc = static_cast<uint8_t>(config << 3);
  return *OpusPacketDuration(ByteSpan(&toc, 1));
}

TEST(OpusPacketDuration, FollowsTheTableOfConfigurations) {
  // RFC 6716 §3.1, table 2.
  const Duration silk[] = {10_ms, 20_ms, 40_ms, 60_ms};
  const Duration celt[] = {2500_us, 5_ms, 10_ms, 20_ms};
  for (int config = 0; config < 12; ++config) EXPECT_EQ(OneFrame(config), silk[config % 4]);
  for (int config = 12; config < 16; ++config) {
    EXPECT_EQ(OneFrame(config), config % 2 == 0 ? 10_ms : 20_ms);
  }
  for (int config = 16; config < 32; ++config) EXPECT_EQ(OneFrame(config), celt[config % 4]);
}

TEST(OpusPacketDuration, CountsFrames) {
  EXPECT_EQ(OpusPacketDuration(Hex("f8")), 20_ms);
  EXPECT_EQ(OpusPacketDuration(Hex("f9")), 40_ms) << "two of equal size";
  EXPECT_EQ(OpusPacketDuration(Hex("fa")), 40_ms) << "two of different sizes";
  EXPECT_EQ(OpusPacketDuration(Hex("fb 06")), 120_ms);
  EXPECT_EQ(OpusPacketDuration(Hex("fb c3")), 60_ms) << "the flags above the count do not count";
  EXPECT_EQ(OpusPacketDuration(Hex("e3 30")), 120_ms) << "48 frames of 2.5 ms";
}

TEST(OpusPacketDuration, RefusesNoFramesAndMoreThan120Ms) {
  EXPECT_EQ(CodeOf(OpusPacketDuration(Hex("fb 00"))), ErrorCode::kMalformed);
  EXPECT_EQ(CodeOf(OpusPacketDuration(Hex("fb 07"))), ErrorCode::kMalformed);
  EXPECT_EQ(CodeOf(OpusPacketDuration(Hex("e3 31"))), ErrorCode::kMalformed);
  EXPECT_EQ(CodeOf(OpusPacketDuration(Hex("1b 03"))), ErrorCode::kMalformed) << "3 x 60 ms";
}

TEST(OpusPacketDuration, RefusesTruncation) {
  EXPECT_EQ(CodeOf(OpusPacketDuration({})), ErrorCode::kTruncated);
  EXPECT_EQ(CodeOf(OpusPacketDuration(Hex("fb"))), ErrorCode::kTruncated);
}

}  // namespace
}  // namespace ferry::rtp
