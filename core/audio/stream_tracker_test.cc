#include "core/audio/stream_tracker.h"

#include <gtest/gtest.h>

namespace ferry {
namespace {

using Verdict = StreamTracker::Verdict;

class StreamTrackerTest : public testing::Test {
 protected:
  StreamTrackerTest() { tracker_.OnPacket(100, 10'000, Timestamp::Millis(0)); }
  StreamTracker tracker_;
};

TEST_F(StreamTrackerTest, UnwrapsBothNumbers) {
  StreamTracker tracker;
  tracker.OnPacket(65'535, 0xffffff00u, Timestamp::Millis(0));
  const auto next = tracker.OnPacket(0, 0xffffff00u + 960, Timestamp::Millis(20));
  EXPECT_EQ(next.verdict, Verdict::kAccept);
  EXPECT_EQ(next.sequence_number, 65'536);
  EXPECT_EQ(next.timestamp, 0xffffff00LL + 960);
}

TEST_F(StreamTrackerTest, TellsDuplicatesFromLatecomers) {
  EXPECT_EQ(tracker_.OnPacket(102, 11'920, Timestamp::Millis(40)).verdict, Verdict::kAccept);
  EXPECT_EQ(tracker_.OnPacket(101, 10'960, Timestamp::Millis(41)).verdict, Verdict::kAccept);
  EXPECT_EQ(tracker_.OnPacket(101, 10'960, Timestamp::Millis(42)).verdict, Verdict::kDuplicate);
  EXPECT_EQ(tracker_.OnPacket(102, 11'920, Timestamp::Millis(43)).verdict, Verdict::kDuplicate);
  EXPECT_EQ(tracker_.OnPacket(100, 10'000, Timestamp::Millis(44)).verdict, Verdict::kDuplicate);
}

TEST_F(StreamTrackerTest,
       TellsWhatItsFollowersHaveOvertakenAlsoAfterASenderBeganAnewWithLowerNumbers) {
  EXPECT_FALSE(tracker_.OnPacket(102, 11'920, Timestamp::Millis(40)).overtaken);
  EXPECT_TRUE(tracker_.OnPacket(101, 10'960, Timestamp::Millis(41)).overtaken);
  tracker_.OnPacket(50'000, 7, Timestamp::Millis(60));
  const auto restart = tracker_.OnPacket(50'001, 967, Timestamp::Millis(80));
  EXPECT_EQ(restart.verdict, Verdict::kRestart);
  EXPECT_FALSE(restart.overtaken);
  EXPECT_FALSE(tracker_.OnPacket(50'002, 1'927, Timestamp::Millis(100)).overtaken);
}

TEST_F(StreamTrackerTest, AStrayNeedsASecondToBeBelieved) {
  EXPECT_EQ(tracker_.OnPacket(30'000, 7, Timestamp::Millis(20)).verdict, Verdict::kStray);
  EXPECT_EQ(tracker_.OnPacket(101, 10'960, Timestamp::Millis(21)).verdict, Verdict::kAccept);
  EXPECT_EQ(tracker_.OnPacket(30'001, 967, Timestamp::Millis(40)).verdict, Verdict::kStray)
      << "the stray before was refuted";
  const auto restart = tracker_.OnPacket(30'002, 1'927, Timestamp::Millis(60));
  EXPECT_EQ(restart.verdict, Verdict::kRestart);
  const auto next = tracker_.OnPacket(30'003, 2'887, Timestamp::Millis(80));
  EXPECT_EQ(next.verdict, Verdict::kAccept);
  EXPECT_EQ(next.timestamp - restart.timestamp, 960);
}

TEST_F(StreamTrackerTest, NumbersThatDisagreeAreStrays) {
  EXPECT_EQ(tracker_.OnPacket(101, 9'000, Timestamp::Millis(20)).verdict, Verdict::kStray);
  EXPECT_EQ(tracker_.OnPacket(99, 10'960, Timestamp::Millis(20)).verdict, Verdict::kStray);
  EXPECT_EQ(tracker_.OnPacket(100, 10'960, Timestamp::Millis(20)).verdict, Verdict::kStray);
}

TEST_F(StreamTrackerTest, ATimestampMayJumpAsFarAsTimePassed) {
  const uint32_t minute = 60 * 48'000;
  EXPECT_EQ(tracker_.OnPacket(101, 10'000 + minute, Timestamp::Millis(20)).verdict,
            Verdict::kStray);
  EXPECT_EQ(tracker_.OnPacket(101, 10'000 + minute, Timestamp::Millis(60'000)).verdict,
            Verdict::kAccept);
}

}  // namespace
}  // namespace ferry
