#include "core/transport/padding_packet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <span>

namespace ferry::transport {
namespace {

TEST(PaddingPacket, HasTheSizeAskedForAndATransportSequenceNumber) {
  std::array<uint8_t, rtp::kMaxPacketSize> buffer;
  for (const size_t size : {kMinPaddingPacket, size_t{500}, rtp::kMaxPacketSize}) {
    ASSERT_EQ(WritePaddingPacket(0xABCD, size, buffer), size);
    const auto view = rtp::ParseRtp(ByteSpan(buffer).first(size));
    ASSERT_TRUE(view);
    EXPECT_EQ(view->header.ssrc, rtp::kNoStreamSsrc);
    EXPECT_EQ(view->header.payload_type, rtp::kPaddingPayloadType);
    EXPECT_EQ(view->extensions.transport_sequence_number, 0xABCD);
  }
}

TEST(PaddingPacket, IsMadeWithRoomForItsNumber) {
  rtp::RtpPacket packet = MakePaddingPacket(300);
  EXPECT_EQ(packet.kind(), rtp::MediaKind::kPadding);
  packet.SetTransportSequenceNumber(0xABCD);
  std::array<uint8_t, rtp::kMaxPacketSize> written;
  ASSERT_EQ(WritePaddingPacket(0xABCD, 300, written), 300u);
  EXPECT_TRUE(std::ranges::equal(packet.bytes, std::span(written).first(300)));
}

TEST(PaddingPacket, KeepsToItsBounds) {
  std::array<uint8_t, rtp::kMaxPacketSize> buffer;
  EXPECT_EQ(WritePaddingPacket(1, 1, buffer), kMinPaddingPacket);
  EXPECT_EQ(WritePaddingPacket(1, 100'000, buffer), rtp::kMaxPacketSize);
  EXPECT_EQ(WritePaddingPacket(1, 500, MutableByteSpan(buffer).first(499)), 0u);
}

}  // namespace
}  // namespace ferry::transport
