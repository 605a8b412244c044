#include "gateway/sfu/number_mapper.h"

#include <gtest/gtest.h>

namespace ferry::gateway {
namespace {

// The number `sequence` comes out as, -1 without one.
int Out(const NumberMapper& mapper, uint16_t sequence) {
  const auto offsets = mapper.Find(sequence);
  return offsets ? static_cast<uint16_t>(sequence + offsets->sequence) : -1;
}
uint16_t Forward(NumberMapper& mapper, uint16_t sequence) {
  return static_cast<uint16_t>(sequence + mapper.Forward(sequence).sequence);
}
NumberMapper BegunAt(uint16_t sequence, uint16_t out) {
  NumberMapper mapper;
  mapper.Begin(sequence, {.sequence = static_cast<uint16_t>(out - sequence)});
  return mapper;
}

TEST(NumberMapper, WhatIsLeftOutLeavesNoGap) {
  NumberMapper mapper = BegunAt(65'534, 100);
  EXPECT_EQ(Forward(mapper, 65'534), 100);
  mapper.LeaveOut(65'535, true, false);
  mapper.LeaveOut(0, false, true);
  EXPECT_EQ(Forward(mapper, 1), 101);
  EXPECT_EQ(mapper.offsets().picture.picture_id, 0xFFFF) << "one frame less";
  EXPECT_EQ(Out(mapper, 65'535), -1);
  EXPECT_EQ(Out(mapper, 65'534), 100);
}

TEST(NumberMapper, WhatWasLostBeforeAFrameLeftOutKeepsItsPlace) {
  NumberMapper mapper = BegunAt(10, 100);
  Forward(mapper, 10);
  mapper.LeaveOut(13, true, false);  // 11 and 12 are missing
  EXPECT_EQ(Forward(mapper, 14), 103);
  EXPECT_EQ(Out(mapper, 11), 101);
  EXPECT_EQ(Out(mapper, 12), 102);
}

TEST(NumberMapper, WhatWasLostWithinAFrameLeftOutHasNone) {
  NumberMapper mapper = BegunAt(10, 100);
  Forward(mapper, 10);
  mapper.LeaveOut(11, true, false);
  mapper.LeaveOut(14, false, true);  // 12 and 13 are of the same frame
  EXPECT_EQ(Forward(mapper, 15), 101);
  EXPECT_EQ(Out(mapper, 12), -1);
}

TEST(NumberMapper, WhatWasLostAfterAFrameLeftOutKeepsItsPlace) {
  NumberMapper mapper = BegunAt(10, 100);
  Forward(mapper, 10);
  mapper.LeaveOut(11, true, false);
  EXPECT_EQ(Forward(mapper, 14), 103);  // 12 and 13 may be of this frame
  EXPECT_EQ(Out(mapper, 12), 101);
  EXPECT_EQ(Out(mapper, 13), 102);
}

TEST(NumberMapper, BeforeTheBeginningThereIsNoNumber) {
  NumberMapper mapper = BegunAt(10, 100);
  Forward(mapper, 10);
  EXPECT_EQ(Out(mapper, 9), -1);
}

TEST(NumberMapper, MapsForLongerThanTheSequenceSpaceWithEveryThirdLeftOut) {
  NumberMapper mapper = BegunAt(0, 0);
  uint16_t expected = 0;
  for (uint32_t i = 0; i < 200'000; ++i) {
    const auto sequence = static_cast<uint16_t>(i);
    if (i % 3 == 2) {
      mapper.LeaveOut(sequence, true, false);
    } else {
      ASSERT_EQ(Forward(mapper, sequence), expected++) << i;
    }
  }
}

TEST(NumberMapper, LeavesOutForLongerThanTheSequenceSpace) {
  NumberMapper mapper = BegunAt(0, 500);
  EXPECT_EQ(Forward(mapper, 0), 500);
  for (uint32_t i = 1; i < 200'000; ++i) mapper.LeaveOut(static_cast<uint16_t>(i), true, false);
  EXPECT_EQ(Forward(mapper, static_cast<uint16_t>(200'000)), 501);
}

}  // namespace
}  // namespace ferry::gateway
