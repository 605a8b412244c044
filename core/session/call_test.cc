// Whole calls over the simulated network.
#include "core/session/testing/call.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace ferry::session {
namespace {
using namespace literals;
using testing::Call;

constexpr uint32_t kAudio = Call::kAudioSsrc;
constexpr uint32_t kVideo = Call::kVideoSsrc;

double Concealed(const Call& call) {
  const auto& stats = call.subscriber.audio_receiver(kAudio)->jitter_buffer().stats();
  return static_cast<double>(stats.concealed_samples) / static_cast<double>(stats.total_samples);
}

Duration LastVideoDelay(const Call& call) {
  const auto& frame = call.frames.back();
  return frame.at - *frame.capture_time;
}

TEST(Call, OverAGoodNetworkEveryFrameArrivesInOrderWithoutDelay) {
  Call call({.delay = 20_ms}, {.delay = 20_ms});
  call.Run(5_s);
  EXPECT_GE(call.frames.size(), 148u);
  EXPECT_EQ(call.undecodable, 0);
  EXPECT_EQ(call.keyframes_encoded, 1);
  EXPECT_EQ(Concealed(call), 0);
  EXPECT_LE(call.subscriber.audio_receiver(kAudio)->jitter_buffer().CurrentDelay(), 60_ms);
}

TEST(Call, TheFirstFrameIsGivenOutAtOnce) {
  Call call({.delay = 20_ms});
  call.Run(30_ms);
  ASSERT_EQ(call.frames.size(), 1u);
  EXPECT_LE(LastVideoDelay(call), 21_ms);
}

TEST(Call, TheFirstPacketsAreSentAgainToo) {
  Call call({.delay = 20_ms, .loss = 1}, {.delay = 20_ms});
  call.send_audio = false;
  call.Run(1_ms);  // the pacer lets a part of the key frame go, into nothing
  ASSERT_GT(call.up().stats().lost, 0u);
  call.up().Configure({.delay = 20_ms});
  call.Run(1_s);
  EXPECT_EQ(call.keyframes_encoded, 1);
  EXPECT_GE(call.frames.size(), 25u);
  EXPECT_EQ(call.undecodable, 0);
}

TEST(Call, HealsLossWithoutAKeyframe) {
  Call call({.delay = 30_ms, .loss = 0.05, .seed = 3}, {.delay = 30_ms});
  call.voice = true;
  call.Run(20_s);
  EXPECT_EQ(call.undecodable, 0);
  EXPECT_GE(call.frames.size(), 590u);
  EXPECT_EQ(call.keyframes_encoded, 1);
  EXPECT_LT(Concealed(call), 0.004) << "5 % is lost";
}

TEST(Call, GoesOnAfterALongOutageWithAKeyframe) {
  Call call({.delay = 20_ms}, {.delay = 20_ms});
  call.Run(2_s);
  call.up().Configure({.delay = 20_ms, .loss = 1});
  call.Run(6_s);
  const size_t before = call.frames.size();
  call.up().Configure({.delay = 20_ms});
  call.Run(2_s);
  EXPECT_GE(call.frames.size(), before + 30);
  EXPECT_EQ(call.undecodable, 0);
  EXPECT_GE(call.keyframes_encoded, 2);
}

TEST(Call, ADecoderThatFailedGetsAKeyframe) {
  Call call({.delay = 20_ms}, {.delay = 20_ms});
  call.Run(1_s);
  ASSERT_TRUE(call.subscriber.RequestKeyframe(kVideo));
  call.Run(200_ms);
  EXPECT_EQ(call.keyframes_encoded, 2);
  EXPECT_TRUE(call.frames.back().number > 30);
}

TEST(Call, PictureWaitsForSoundThatIsHeardLate) {
  Call call({.delay = 20_ms}, {.delay = 20_ms});
  call.downstream = 200_ms;
  call.Run(10_s);
  const Duration audio = *call.subscriber.audio_receiver(kAudio)->end_to_end();
  const Duration video = LastVideoDelay(call) + AvSync::kVideoDownstream;
  EXPECT_NEAR((audio - video).ms_f(), 0, 40);
  EXPECT_GT(video, 150_ms);
}

TEST(Call, WithoutNeedSoundAndPictureAreNotDelayedForSync) {
  Call call({.delay = 20_ms}, {.delay = 20_ms});
  call.downstream = 10_ms;
  call.Run(10_s);
  EXPECT_LE(LastVideoDelay(call), 90_ms);
}

TEST(Call, CaptureTimesSurviveTheWay) {
  Call call({.delay = 35_ms});
  call.send_audio = false;  // or the picture waits for it
  call.Run(1_s);
  for (const auto& frame : call.frames) {
    ASSERT_TRUE(frame.capture_time.has_value());
    EXPECT_NEAR((frame.at - *frame.capture_time).ms_f(), 35, 3);
  }
}

// Runs with an encoder that keeps to the target, beside 40 kbps of audio; `each` comes after each
// frame.
void RunEncoding(
    Call& call, Duration time, const std::function<void()>& each = [] {}) {
  for (const Timestamp end = call.now() + time; call.now() < end; each()) {
    const int64_t video_bps = call.publisher.target_bitrate().bps() - 50'000;
    call.frame_size = static_cast<size_t>(std::max<int64_t>(video_bps / 8 / 30, 300));
    call.Run(Call::kFrameInterval);
  }
}

const sim::LinkConfig kWide{.delay = 20_ms, .rate = 3_mbps, .queue_bytes = 128 * 1024};
const sim::LinkConfig kNarrow{.delay = 20_ms, .rate = 800_kbps, .queue_bytes = 128 * 1024};

TEST(Call, TheTargetBitrateFollowsTheWayOfThePackets) {
  Call call(kWide, {.delay = 20_ms});
  call.publisher.SetWantedBitrate(4_mbps);
  RunEncoding(call, 10_s);
  EXPECT_GE(call.publisher.target_bitrate(), 2350_kbps);
  EXPECT_LE(call.publisher.target_bitrate(), 3600_kbps);
  call.up().Configure(kNarrow);
  RunEncoding(call, 10_s);
  EXPECT_GE(call.publisher.target_bitrate(), 550_kbps);
  EXPECT_LE(call.publisher.target_bitrate(), 1_mbps);
}

TEST(Call, TheDelayOfACongestionIsGivenBackWithinSecondsAndStaysSo) {
  Call call(kWide, {.delay = 20_ms});
  call.publisher.SetWantedBitrate(4_mbps);
  Duration video, audio;  // the longest
  const auto watch = [&] {
    video = std::max(video, call.subscriber.video_receiver(kVideo)->timing().TargetDelay());
    audio = std::max(audio, call.subscriber.audio_receiver(kAudio)->jitter_buffer().CurrentDelay());
  };
  RunEncoding(call, 10_s);
  call.up().Configure(kNarrow);
  RunEncoding(call, 4_s, watch);
  EXPECT_GE(video, 500_ms) << "while the queue drains";
  RunEncoding(call, 7_s);
  video = audio = Duration::Zero();
  RunEncoding(call, 20_s, watch);
  call.up().Configure(kWide);
  RunEncoding(call, 20_s, watch);
  EXPECT_LE(video, 150_ms);
  EXPECT_LE(audio, 150_ms);
}

TEST(Call, SoundDoesNotGoOnWaitingForACameraThatWasTurnedOff) {
  Call call(kWide, {.delay = 20_ms});
  call.publisher.SetWantedBitrate(4_mbps);
  const auto& sound = call.subscriber.audio_receiver(kAudio)->jitter_buffer();
  RunEncoding(call, 10_s);
  call.up().Configure(kNarrow);
  RunEncoding(call, 4_s);
  ASSERT_GE(sound.CurrentDelay(), 500_ms);
  call.send_video = false;
  call.up().Configure(kWide);
  call.Run(15_s);
  EXPECT_LE(sound.CurrentDelay(), 100_ms);
}

TEST(Call, SoundDoesNotWaitForAPictureThatIsGone) {
  Call call({.delay = 20_ms}, {.delay = 20_ms});
  call.frame_size = 40'000;  // more than the target: held up by the pacer, which sound passes
  const JitterBuffer& sound = call.subscriber.audio_receiver(kAudio)->jitter_buffer();
  call.Run(10_s);
  ASSERT_GE(sound.TargetDelay(), 80_ms);
  ASSERT_TRUE(call.subscriber.RemoveReceiver(kVideo));
  EXPECT_LE(sound.TargetDelay(), 40_ms);
}

TEST(Call, ReportsTellThePublisherRoundTripAndLoss) {
  Call call({.delay = 40_ms, .loss = 0.1, .seed = 9}, {.delay = 40_ms});
  call.Run(5_s);
  const auto& stats = call.publisher.video_sender(kVideo)->rtp().stats();
  ASSERT_TRUE(stats.round_trip.has_value());
  EXPECT_NEAR(stats.round_trip->ms_f(), 80, 4);
  EXPECT_GT(stats.fraction_lost, 0.01);
  EXPECT_GT(stats.retransmitted, 5u);
  EXPECT_GT(call.subscriber.packets_recovered(), 20u) << "most are repaired without a question";
  EXPECT_GT(call.publisher.audio_sender(kAudio)->rtp().stats().fraction_lost, 0.01);
}

TEST(Call, AMutedMicrophoneSendsNextToNothingAndComesBack) {
  Call call({.delay = 20_ms});
  call.send_video = false;
  call.Run(1_s);
  ASSERT_TRUE(call.publisher.SetAudioMuted(kAudio, true));
  const uint64_t before = call.publisher.audio_sender(kAudio)->rtp().stats().packets;
  call.Run(4_s);
  const uint64_t muted = call.publisher.audio_sender(kAudio)->rtp().stats().packets - before;
  EXPECT_GE(muted, 9u);
  EXPECT_LE(muted, 11u);
  float loudest = 0;
  for (auto it = call.audio.end() - 48'000; it != call.audio.end(); ++it) {
    loudest = std::max(loudest, std::abs(*it));
  }
  EXPECT_LT(loudest, 0.01f);
  ASSERT_TRUE(call.publisher.SetAudioMuted(kAudio, false));
  call.Run(1_s);
  loudest = 0;
  for (auto it = call.audio.end() - 24'000; it != call.audio.end(); ++it) {
    loudest = std::max(loudest, std::abs(*it));
  }
  EXPECT_GT(loudest, 0.2f);
}

TEST(Call, ThePageCanAskForDelay) {
  Call call({.delay = 20_ms});
  call.subscriber.SetPlayoutDelay(300_ms, std::nullopt);
  call.Run(4_s);
  EXPECT_NEAR(LastVideoDelay(call).ms_f(), 320, 5);
  EXPECT_GE(call.subscriber.audio_receiver(kAudio)->jitter_buffer().CurrentDelay(), 280_ms);
}

TEST(Call, ALimitOfTheDelayThatIsTakenBackHoldsTheSoundNoLonger) {
  Call call({.delay = 20_ms});
  call.subscriber.SetPlayoutDelay(300_ms, 100_ms);
  call.Run(1_s);
  const JitterBuffer& sound = call.subscriber.audio_receiver(kAudio)->jitter_buffer();
  EXPECT_EQ(sound.TargetDelay(), 100_ms);
  call.subscriber.SetPlayoutDelay(300_ms, std::nullopt);
  EXPECT_GE(sound.TargetDelay(), 300_ms);
}

}  // namespace
}  // namespace ferry::session
