#include "core/transport/nack_generator.h"

#include <gmock/gmock.h>

namespace ferry::transport {
namespace {
using namespace literals;
using testing::ElementsAre;
using testing::IsEmpty;

const Timestamp kStart = Timestamp::Millis(1000);

TEST(NackGenerator, AsksForAGapAfterTheReorderWaitThenTwiceInARoundTrip) {
  NackGenerator nack;
  nack.OnPacket(1, kStart);
  nack.OnPacket(4, kStart);
  EXPECT_THAT(nack.TakeNacks(kStart, 50_ms), IsEmpty());
  EXPECT_EQ(nack.NextDue(), kStart + NackGenerator::kReorderWait);
  EXPECT_THAT(nack.TakeNacks(kStart + 5_ms, 50_ms), ElementsAre(2, 3));
  EXPECT_THAT(nack.TakeNacks(kStart + 29_ms, 50_ms), IsEmpty());
  EXPECT_EQ(nack.NextDue(), kStart + 30_ms);
  EXPECT_THAT(nack.TakeNacks(kStart + 30_ms, 50_ms), ElementsAre(2, 3));
}

TEST(NackGenerator, AsksForWhatWasSentBeforeTheFirstThatCameUntilTheBeginningIsKnown) {
  NackGenerator nack;
  nack.OnPacket(100, kStart);
  nack.ExpectBefore(100, kStart);
  const auto asked = nack.TakeNacks(kStart + 5_ms, 50_ms);
  EXPECT_EQ(asked.size(), size_t{NackGenerator::kMaxBeforeFirst});
  EXPECT_EQ(asked.front(), 100 - NackGenerator::kMaxBeforeFirst);
  EXPECT_EQ(asked.back(), 99);
  nack.OnPacket(99, kStart + 50_ms);
  nack.OnPacket(97, kStart + 50_ms);
  nack.ForgetBefore(97);
  EXPECT_THAT(nack.TakeNacks(kStart + 55_ms, 50_ms), ElementsAre(98));
}

TEST(NackGenerator, DoesNotAskForReorderedPackets) {
  NackGenerator nack;
  nack.OnPacket(1, kStart);
  nack.OnPacket(3, kStart);
  nack.OnPacket(2, kStart + 2_ms);
  EXPECT_THAT(nack.TakeNacks(kStart + 10_ms, 50_ms), IsEmpty());
  EXPECT_EQ(nack.NextDue(), Timestamp::Infinite());
}

TEST(NackGenerator, WorksAcrossTheWrap) {
  NackGenerator nack;
  nack.OnPacket(0xFFFE, kStart);
  nack.OnPacket(0x10001, kStart);
  EXPECT_THAT(nack.TakeNacks(kStart + 5_ms, 50_ms), ElementsAre(0xFFFF, 0));
}

TEST(NackGenerator, GivesUpAfterTheLastRequest) {
  NackGenerator nack;
  nack.OnPacket(1, kStart);
  nack.OnPacket(3, kStart);
  Timestamp now = kStart + 5_ms;
  for (int i = 0; i < NackGenerator::kMaxRequests; ++i, now += 50_ms) {
    EXPECT_THAT(nack.TakeNacks(now, 50_ms), ElementsAre(2));
  }
  EXPECT_FALSE(nack.TakeGaveUp());
  EXPECT_THAT(nack.TakeNacks(now, 50_ms), IsEmpty());
  EXPECT_TRUE(nack.TakeGaveUp());
  EXPECT_FALSE(nack.TakeGaveUp()) << "told once";
}

TEST(NackGenerator, GivesUpAGapTooWideToHeal) {
  NackGenerator nack;
  nack.OnPacket(0, kStart);
  nack.OnPacket(5000, kStart);
  EXPECT_EQ(nack.missing(), 0u);
  EXPECT_TRUE(nack.TakeGaveUp());
}

TEST(NackGenerator, StaysBoundedUnderEndlessLoss) {
  NackGenerator nack;
  for (int n = 0; n < 20'000; n += 2) nack.OnPacket(n, kStart);
  EXPECT_LE(nack.missing(), NackGenerator::kMaxMissing);
  EXPECT_TRUE(nack.TakeGaveUp());
}

TEST(NackGenerator, APacketAddsOneGapHoweverFarItJumps) {
  NackGenerator nack;
  int64_t number = 0;
  nack.OnPacket(number, kStart);
  for (size_t i = 1; i <= 100; ++i) {
    number += static_cast<int64_t>(NackGenerator::kMaxMissing) + 1;
    nack.OnPacket(number, kStart);
    EXPECT_EQ(nack.gaps(), 1u) << "the one before had to go";
    EXPECT_EQ(nack.missing(), NackGenerator::kMaxMissing);
  }
  NackGenerator fine;
  for (int64_t n = 0; n < 100; n += 10) fine.OnPacket(n, kStart);
  EXPECT_EQ(fine.gaps(), 9u);
  EXPECT_EQ(fine.missing(), 9u * 9);
}

TEST(NackGenerator, APacketWithinAGapCutsItInTwoAndTheRestIsAskedForAsBefore) {
  NackGenerator nack;
  nack.OnPacket(1, kStart);
  nack.OnPacket(7, kStart);
  EXPECT_THAT(nack.TakeNacks(kStart + 5_ms, 50_ms), ElementsAre(2, 3, 4, 5, 6));
  for (const int64_t n : {4, 2, 6, 4, 1}) nack.OnPacket(n, kStart + 6_ms);
  EXPECT_EQ(nack.missing(), 2u);
  EXPECT_THAT(nack.TakeNacks(kStart + 29_ms, 50_ms), IsEmpty());
  EXPECT_THAT(nack.TakeNacks(kStart + 30_ms, 50_ms), ElementsAre(3, 5));
}

TEST(NackGenerator, TheOldestNumbersMakeRoomForNewer) {
  NackGenerator nack;
  nack.OnPacket(0, kStart);
  nack.OnPacket(301, kStart);
  nack.OnPacket(602, kStart);  // 600 are missing, 512 are kept
  EXPECT_TRUE(nack.TakeGaveUp());
  const auto due = nack.TakeNacks(kStart + 5_ms, 50_ms);
  ASSERT_EQ(due.size(), NackGenerator::kMaxMissing);
  EXPECT_EQ(due.front(), 89);
  EXPECT_EQ(due.back(), 601);
}

TEST(NackGenerator, ForgetsWhatWasPlayed) {
  NackGenerator nack;
  nack.OnPacket(1, kStart);
  nack.OnPacket(6, kStart);
  nack.ForgetBefore(4);
  EXPECT_THAT(nack.TakeNacks(kStart + 5_ms, 50_ms), ElementsAre(4, 5));
}

}  // namespace
}  // namespace ferry::transport
