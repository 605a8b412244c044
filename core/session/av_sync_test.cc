#include "core/session/av_sync.h"

#include <gtest/gtest.h>

namespace ferry::session {
namespace {
using namespace literals;

// A loop of AvSync and two streams whose delays follow its minimum at once.
struct Loop {
  AvSync sync;
  Duration audio_natural, video_natural;
  Timestamp now = Timestamp::Millis(1000);

  Duration audio() const { return std::max(audio_natural, sync.audio_minimum_delay()); }
  Duration video() const { return std::max(video_natural, sync.video_minimum_delay()); }
  Duration difference() const { return audio() - video() - AvSync::kVideoDownstream; }
  void Run(int steps) {
    for (int i = 0; i < steps; ++i, now += AvSync::kInterval) sync.Update(audio(), video(), now);
  }
};

TEST(AvSync, LeavesSmallDifferencesAlone) {
  Loop loop{.audio_natural = 95_ms, .video_natural = 40_ms};
  loop.Run(50);
  EXPECT_EQ(loop.sync.audio_minimum_delay(), 0_ms);
  EXPECT_EQ(loop.sync.video_minimum_delay(), 0_ms);
}

TEST(AvSync, DelaysThePictureWhenSoundIsLate) {
  Loop loop{.audio_natural = 300_ms, .video_natural = 40_ms};
  loop.Run(50);
  EXPECT_LE(loop.difference(), AvSync::kMaxSoundLate + 1_ms);
  EXPECT_GE(loop.difference(), -20_ms) << "no overshoot";
  EXPECT_EQ(loop.sync.audio_minimum_delay(), 0_ms);
}

TEST(AvSync, DelaysSoundWhenThePictureIsLate) {
  Loop loop{.audio_natural = 40_ms, .video_natural = 250_ms};
  loop.Run(50);
  EXPECT_NEAR(loop.difference().ms_f(), 0, 21);
  EXPECT_EQ(loop.sync.video_minimum_delay(), 0_ms);
}

TEST(AvSync, TakesADelayBackWhenItsReasonIsGone) {
  Loop loop{.audio_natural = 300_ms, .video_natural = 40_ms};
  loop.Run(50);
  loop.audio_natural = 60_ms;
  loop.Run(80);
  EXPECT_LE(loop.sync.video_minimum_delay(), 80_ms);
  EXPECT_NEAR(loop.difference().ms_f(), 0, 21);
}

TEST(AvSync, DelaysNoLongerThanItHasTo) {
  Loop loop{.audio_natural = 300_ms, .video_natural = 40_ms};
  loop.Run(50);
  loop.audio_natural = 280_ms;  // still within the tolerance as it is
  loop.Run(50);
  EXPECT_GE(loop.difference(), AvSync::kMaxSoundLate - 11_ms);
  EXPECT_LE(loop.difference(), AvSync::kMaxSoundLate + 1_ms);
}

TEST(AvSync, StaysBounded) {
  Loop loop{.audio_natural = Duration::Seconds(9), .video_natural = 40_ms};
  loop.Run(500);
  EXPECT_EQ(loop.sync.video_minimum_delay(), AvSync::kMaxDelay);
}

TEST(AvSync, SoundDoesNotGoOnWaitingForAPictureThatIsGone) {
  Loop loop{.audio_natural = 40_ms, .video_natural = 500_ms};
  loop.Run(100);
  EXPECT_GE(loop.sync.audio_minimum_delay(), 400_ms);
  for (int i = 0; i < 30; ++i, loop.now += AvSync::kInterval) {
    loop.sync.Update(loop.audio(), std::nullopt, loop.now);
  }
  EXPECT_EQ(loop.sync.audio_minimum_delay(), 0_ms);
}

TEST(AvSync, WaitsForBothStreams) {
  AvSync sync;
  EXPECT_FALSE(sync.Update(500_ms, std::nullopt, Timestamp::Millis(0)));
  EXPECT_FALSE(sync.Update(std::nullopt, 500_ms, Timestamp::Millis(500)));
}

}  // namespace
}  // namespace ferry::session
