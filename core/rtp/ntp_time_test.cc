#include "core/rtp/ntp_time.h"

#include <gtest/gtest.h>

namespace ferry::rtp {
namespace {
using namespace literals;

TEST(NtpTime, CountsFrom1900) {
  EXPECT_EQ(ToNtp(Timestamp()), 2'208'988'800ull << 32);
  EXPECT_EQ(ToNtp(Timestamp::Millis(500)), 2'208'988'800ull << 32 | 0x80000000u);
  EXPECT_EQ(NtpMiddle(0x0123456789ABCDEF), 0x456789ABu);
}

TEST(NtpTime, ComesBackToTheMicrosecond) {
  for (int64_t us : {int64_t{0}, int64_t{1}, int64_t{999'999}, int64_t{1'763'600'000'123'457},
                     int64_t{-1}, int64_t{-60'000'000'000'001}}) {
    EXPECT_EQ(FromNtp(ToNtp(Timestamp::Micros(us))), Timestamp::Micros(us));
  }
  for (int64_t us = 1'763'600'000'000'000; us < 1'763'600'000'010'000; ++us) {
    ASSERT_EQ(FromNtp(ToNtp(Timestamp::Micros(us))).us(), us);
  }
}

TEST(NtpTime, GoesOnAfterTheEraEndsIn2036) {
  const Timestamp before = Timestamp::Micros(2'085'978'495'900'000);
  const Timestamp after = before + 200_ms;
  EXPECT_GT(ToNtp(before), ToNtp(after)) << "the era's 32 bits of seconds have wrapped";
  EXPECT_EQ(FromNtp(ToNtp(after)) - FromNtp(ToNtp(before)), 200_ms);
}

TEST(CaptureClock, KnowsNothingBeforeItsFirstPair) {
  EXPECT_FALSE(CaptureClock(90'000).CaptureTime(0));
}

TEST(CaptureClock, TellsTheTimeOfLaterAndEarlierTimestamps) {
  CaptureClock clock(90'000);
  const Timestamp reference = Timestamp::Millis(1'763'600'000'000);
  clock.Update(1000, ToNtp(reference));
  EXPECT_EQ(clock.CaptureTime(1000), reference);
  EXPECT_EQ(clock.CaptureTime(1000 + 9000), reference + 100_ms);
  EXPECT_EQ(clock.CaptureTime(1000 - 9000u), reference - 100_ms);
}

TEST(CaptureClock, CountsOnAcrossTheWrapOfTheTimestamp) {
  CaptureClock clock(48'000);
  const Timestamp reference = Timestamp::Millis(1'763'600'000'000);
  clock.Update(0xFFFFFFFF, ToNtp(reference));
  EXPECT_EQ(clock.CaptureTime(959), reference + 20_ms);
}

TEST(CaptureClock, FollowsTheNewestPair) {
  CaptureClock clock(48'000);
  clock.Update(0, ToNtp(Timestamp::Millis(1000)));
  clock.Update(48'000, ToNtp(Timestamp::Millis(2003)));
  EXPECT_EQ(clock.CaptureTime(96'000), Timestamp::Millis(3003));
}

}  // namespace
}  // namespace ferry::rtp
