#include "core/video/frame_buffer.h"

#include <gtest/gtest.h>

namespace ferry::video {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(50'000);

// Frame n of three packets, arriving evenly.
EncodedFrame Frame(int n, bool keyframe = false) {
  return {.data = {static_cast<uint8_t>(n)},
          .rtp_timestamp = static_cast<uint32_t>(n * 3000),
          .keyframe = keyframe,
          .first_sequence = n * 3,
          .last_sequence = n * 3 + 2,
          .completed = kStart + Duration::Micros(33'333) * n};
}
Timestamp At(int n) { return kStart + Duration::Micros(33'334) * n; }

TEST(FrameBuffer, ReleasesFramesInOrderFromTheFirstKeyframe) {
  FrameBuffer buffer;
  buffer.Insert(Frame(0));
  EXPECT_FALSE(buffer.Next(At(0)).has_value()) << "cannot start with a delta frame";
  buffer.Insert(Frame(1, true));
  EXPECT_EQ(buffer.Next(At(1))->data[0], 1);
  buffer.Insert(Frame(2));
  EXPECT_EQ(buffer.Next(At(2))->data[0], 2);
  EXPECT_FALSE(buffer.Next(At(2)).has_value());
}

TEST(FrameBuffer, WaitsForAMissingFrameThenGoesOn) {
  FrameBuffer buffer;
  buffer.Insert(Frame(0, true));
  buffer.Next(At(0));
  buffer.Insert(Frame(2));
  EXPECT_FALSE(buffer.Next(At(2)).has_value());
  EncodedFrame late = Frame(1);
  late.completed = At(4);
  buffer.Insert(late);
  EXPECT_EQ(buffer.Next(At(4) + 100_ms)->data[0], 1);
  EXPECT_EQ(buffer.Next(At(4) + 100_ms)->data[0], 2);
}

TEST(FrameBuffer, AsksForAKeyframeWhenAGapLasts) {
  FrameBuffer buffer;
  buffer.Insert(Frame(0, true));
  buffer.Next(At(0));
  buffer.Insert(Frame(2));
  EXPECT_FALSE(buffer.TakeNeedsKeyframe(At(2) + 100_ms));
  EXPECT_EQ(buffer.NextDue(), Frame(2).completed + FrameBuffer::kMaxStall);
  EXPECT_TRUE(buffer.TakeNeedsKeyframe(buffer.NextDue()));
  EXPECT_FALSE(buffer.TakeNeedsKeyframe(At(2) + 310_ms)) << "not again at once";
}

TEST(FrameBuffer, JumpsToAKeyframeOverAGap) {
  FrameBuffer buffer;
  buffer.Insert(Frame(0, true));
  buffer.Next(At(0));
  buffer.Insert(Frame(2));
  buffer.Insert(Frame(3, true));
  EXPECT_EQ(buffer.Next(At(3))->data[0], 3);
  EXPECT_EQ(buffer.frames_dropped(), 1u);
  buffer.Insert(Frame(1));
  EXPECT_FALSE(buffer.Next(At(4)).has_value()) << "what came too late is not shown";
  EXPECT_FALSE(buffer.TakeNeedsKeyframe(At(100)));
}

TEST(FrameBuffer, OldFramesThatCannotBeDecodedDelayNothing) {
  FrameBuffer buffer;
  buffer.Insert(Frame(60));
  for (int n = 0; n < 30; ++n) {
    EncodedFrame old = Frame(n);
    old.completed = At(60);
    buffer.Insert(old);
  }
  EncodedFrame keyframe = Frame(61, true);
  buffer.Insert(keyframe);
  EXPECT_TRUE(buffer.Next(At(61)).has_value());
}

// Of two layers: the even ones are the base, the odd ones refer to it alone, or, not synchronised,
// to the frame before too.
EncodedFrame Layered(int n, bool keyframe = false, bool sync = true) {
  EncodedFrame frame = Frame(n, keyframe);
  frame.descriptor = {.picture_id = static_cast<uint16_t>((0x7FFE + n) & 0x7FFF),
                      .tl0_picture_index = static_cast<uint8_t>(254 + n / 2),
                      .temporal_id = static_cast<uint8_t>(n % 2),
                      .layer_sync = n % 2 == 1 && sync};
  return frame;
}

TEST(FrameBuffer, AFrameThatNoOtherRefersToIsNotMissed) {
  FrameBuffer buffer;
  buffer.Insert(Layered(0, true));
  buffer.Next(At(0));
  for (const int n : {2, 4, 6, 7}) {
    buffer.Insert(Layered(n));
    const auto frame = buffer.Next(At(n));
    ASSERT_TRUE(frame.has_value()) << n;
    EXPECT_EQ(frame->data[0], n);
  }
  EXPECT_FALSE(buffer.TakeNeedsKeyframe(At(100)));
}

TEST(FrameBuffer, WithoutItsBaseNoLayerIsDecoded) {
  FrameBuffer buffer;
  buffer.Insert(Layered(0, true));
  buffer.Next(At(0));
  buffer.Insert(Layered(3));
  buffer.Insert(Layered(4));
  EXPECT_FALSE(buffer.Next(At(4)).has_value()) << "2 is missing";
  EncodedFrame late = Layered(2);
  late.completed = At(5);
  buffer.Insert(late);
  for (const int n : {2, 3, 4}) EXPECT_EQ(buffer.Next(At(5) + 100_ms)->data[0], n);
}

TEST(FrameBuffer, AFrameThatIsNotSynchronisedNeedsTheOneBefore) {
  FrameBuffer buffer;
  buffer.Insert(Layered(0, true));
  buffer.Next(At(0));
  EncodedFrame third = Layered(3, false, /*sync=*/false);
  third.descriptor.tl0_picture_index = 254;  // of the first base, as a third layer's
  buffer.Insert(third);
  EXPECT_FALSE(buffer.Next(At(3)).has_value());
}

TEST(FrameBuffer, WaitsForTwoRetransmissionsWhereTheRoundTripIsLong) {
  FrameBuffer buffer;
  buffer.SetRoundTrip(400_ms);
  buffer.Insert(Frame(0, true));
  buffer.Next(At(0));
  buffer.Insert(Frame(2));
  EXPECT_FALSE(buffer.TakeNeedsKeyframe(At(2) + 900_ms));
  EXPECT_TRUE(buffer.TakeNeedsKeyframe(At(2) + 1001_ms));
}

TEST(FrameBuffer, HoldsFramesForTheMinimumDelay) {
  FrameBuffer buffer;
  buffer.timing().SetMinimumDelay(60_ms);
  buffer.Insert(Frame(0, true));
  EXPECT_FALSE(buffer.Next(At(0)).has_value());
  EXPECT_EQ(buffer.NextDue(), kStart + 60_ms);
  EXPECT_TRUE(buffer.Next(kStart + 60_ms).has_value());
}

TEST(FrameBuffer, StaysBoundedWithoutAKeyframe) {
  FrameBuffer buffer;
  buffer.Insert(Frame(0, true));
  buffer.Next(At(0));
  for (int n = 2; n < 1000; ++n) buffer.Insert(Frame(n));
  EXPECT_GE(buffer.frames_dropped(), 1000 - 2 - FrameBuffer::kMaxFrames);
  EXPECT_TRUE(buffer.TakeNeedsKeyframe(At(1000)));
}

TEST(FrameBuffer, AfterADecoderFailureOnlyAKeyframeWillDo) {
  FrameBuffer buffer;
  buffer.Insert(Frame(0, true));
  buffer.Next(At(0));
  buffer.RequireKeyframe();
  buffer.Insert(Frame(1));
  EXPECT_FALSE(buffer.Next(At(1)).has_value());
  buffer.Insert(Frame(2, true));
  EXPECT_EQ(buffer.Next(At(2))->data[0], 2);
}

}  // namespace
}  // namespace ferry::video
