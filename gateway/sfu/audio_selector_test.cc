#include "gateway/sfu/audio_selector.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <utility>

namespace ferry::gateway {
namespace {

class AudioSelectorTest : public ::testing::Test {
 protected:
  using Speaker = AudioSelector::Speaker;
  // Everybody sends packets of 20 ms at these levels (-dBov) for a while.
  template <size_t N>
  void Speak(std::array<Speaker, N>& speakers, const std::array<int, N>& levels, int packets) {
    for (int i = 0; i < packets; ++i) {
      now += Duration::Millis(20);
      for (size_t s = 0; s < N; ++s) {
        if (levels[s] >= 0) {
          selector.OnPacket(speakers[s], static_cast<uint8_t>(levels[s]), now);
        }
      }
    }
  }
  AudioSelector selector{2};
  Timestamp now = Timestamp::Millis(1000);
};

TEST_F(AudioSelectorTest, PicksTheLoudest) {
  std::array<Speaker, 4> all;
  Speak<4>(all, {80, 20, 90, 30}, 50);
  EXPECT_TRUE(all[1].selected);
  EXPECT_TRUE(all[3].selected);
  EXPECT_FALSE(selector.Audible(all[0], false));
  EXPECT_FALSE(selector.Audible(all[2], false));
}

TEST_F(AudioSelectorTest, ASpeakerHearsOneMoreInPlaceOfHimself) {
  std::array<Speaker, 4> all;
  Speak<4>(all, {40, 20, 90, 30}, 50);
  EXPECT_FALSE(selector.Audible(all[0], false));
  EXPECT_TRUE(selector.Audible(all[0], true));
  EXPECT_FALSE(selector.Audible(all[2], true));
}

TEST_F(AudioSelectorTest, ANewVoiceIsHeardWithinAFewPackets) {
  std::array<Speaker, 3> all;
  Speak<3>(all, {30, 30, 100}, 50);
  Speak<3>(all, {100, 30, 30}, 5);
  EXPECT_TRUE(all[2].selected) << "30 dB above a pause";
}

TEST_F(AudioSelectorTest, EquallyLoudVoicesDoNotFlap) {
  std::array<Speaker, 3> all;
  Speak<3>(all, {30, 31, 127}, 50);
  int changes = 0;
  bool before = all[2].selected;
  for (int i = 0; i < 100; ++i) {
    Speak<3>(all, {30, i % 2 ? 30 : 31, i % 2 ? 31 : 29}, 1);
    changes += all[2].selected != before;
    before = all[2].selected;
  }
  EXPECT_EQ(changes, 0);
}

TEST_F(AudioSelectorTest, WhoStoppedSendingMakesRoom) {
  std::array<Speaker, 3> all;
  Speak<3>(all, {10, 10, 80}, 50);
  EXPECT_FALSE(all[2].selected);
  Speak<3>(all, {-1, 10, 80}, 60);
  EXPECT_TRUE(all[2].selected);
}

TEST_F(AudioSelectorTest, OneWhoLeavesIsForgotten) {
  std::array<Speaker, 3> all;
  Speak<3>(all, {10, 20, 60}, 50);
  selector.Remove(all[0]);
  EXPECT_FALSE(all[0].selected);
  Speak<3>(all, {-1, 20, 60}, 1);
  EXPECT_TRUE(all[2].selected);
}

TEST_F(AudioSelectorTest, VoicesThatTellTheirLevelComeBeforeThoseThatDoNot) {
  std::array<Speaker, 2> untold;
  std::array<Speaker, 2> told;
  const auto speak = [&](int minus_dbov, int packets) {
    for (int i = 0; i < packets; ++i) {
      for (Speaker& one : untold) selector.OnPacket(one, std::nullopt, now);
      Speak<2>(told, {minus_dbov, minus_dbov}, 1);
    }
  };
  speak(30, 50);
  EXPECT_TRUE(told[0].selected && told[1].selected);
  speak(90, 200);
  EXPECT_TRUE(untold[0].selected && untold[1].selected) << "louder than a quiet room";
  speak(30, 10);
  EXPECT_TRUE(told[0].selected && told[1].selected);
}

TEST_F(AudioSelectorTest, ThoseThatDoNotTellTheirLevelTakeTurns) {
  std::array<Speaker, 4> all;
  std::array<int, 4> heard{};
  std::array<bool, 4> before{};
  int changes = 0;
  for (int i = 0; i < 3000; ++i) {
    now += Duration::Millis(20);
    for (size_t s = 0; s < all.size(); ++s) {
      selector.OnPacket(all[s], std::nullopt, now);
      heard[s] += all[s].selected;
      changes += all[s].selected != std::exchange(before[s], all[s].selected);
    }
  }
  for (const int packets : heard) EXPECT_GE(packets, 1'000) << "of 3000, in a minute";
  EXPECT_LE(changes, 2 * 2 * 6) << "turns of ten seconds and more";
}

TEST_F(AudioSelectorTest, WithoutALimitAllAreHeard) {
  AudioSelector all_heard(0);
  Speaker quiet;
  all_heard.OnPacket(quiet, 127, now);
  EXPECT_TRUE(all_heard.Audible(quiet, false));
}

}  // namespace
}  // namespace ferry::gateway
