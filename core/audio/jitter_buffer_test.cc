// What the jitter buffer does with packets: losses, order, numbers, ends and beginnings.
#include "core/audio/jitter_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "core/audio/jitter_buffer_sim.h"

namespace ferry {
namespace {

using namespace literals;
using Options = JitterBufferSim::Options;

std::optional<Duration> Steady(int) { return 30_ms; }

// The steepest the simulator's tone is from sample to sample.
constexpr float kToneStep = 0.0208f;

TEST(JitterBuffer, PlaysSilenceUntilTheFirstPacket) {
  JitterBuffer buffer({});
  std::array<float, kAudioFrameSamples> out;
  out.fill(1.0f);
  const AudioFrame frame = buffer.GetAudio(Timestamp::Millis(5), out);
  EXPECT_EQ(frame.kind, AudioFrameKind::kSilence);
  EXPECT_TRUE(frame.muted);
  EXPECT_FALSE(frame.has_timestamp);
  EXPECT_EQ(*std::max_element(out.begin(), out.end()), 0.0f);
  EXPECT_EQ(buffer.stats().total_samples, 0u);
  EXPECT_EQ(buffer.stats().concealed_samples, 0u);
}

TEST(JitterBuffer, PlaysWhatWasSentOnACleanNetwork) {
  JitterBufferSim sim({.tone = true});
  sim.Run(250, Steady);
  EXPECT_EQ(sim.stats().concealed_samples, 0u);
  EXPECT_EQ(sim.stats().packets_received, 249u) << "one is still on its way";
  double energy = 0;
  const size_t second = 48'000;
  for (size_t i = 3 * second; i < 4 * second; ++i) energy += sim.played()[i] * sim.played()[i];
  EXPECT_NEAR(std::sqrt(energy / second), 0.5 / std::sqrt(2.0), 0.03);
  EXPECT_LT(sim.MaxStep(0), 1.3f * kToneStep);
}

TEST(JitterBuffer, PlaysStereoAndKeepsChannelsApart) {
  JitterBufferSim sim({.channels = 2, .encoder_channels = 1});
  sim.Run(100, Steady);
  EXPECT_EQ(sim.pulls().back().frame.channels, 2);
  EXPECT_EQ(sim.played().size(), sim.pulls().size() * 2 * kAudioFrameSamples);
  for (size_t i = 0; i < sim.played().size(); i += 2) {
    ASSERT_EQ(sim.played()[i], sim.played()[i + 1]) << "a mono packet sounds on both sides";
  }
  EXPECT_EQ(sim.stats().concealed_samples, 0u);
}

TEST(JitterBuffer, TimestampsOfFramesFollowTheSender) {
  JitterBufferSim sim({});
  sim.Run(500, Steady);
  const auto& pulls = sim.pulls();
  for (size_t i = pulls.size() - 200; i < pulls.size(); ++i) {
    ASSERT_EQ(pulls[i].frame.kind, AudioFrameKind::kNormal);
    ASSERT_EQ(pulls[i].frame.rtp_timestamp - pulls[i - 1].frame.rtp_timestamp, kAudioFrameSamples);
  }
  // The first sample of a frame left the sender's clock `delay` and the network's 30 ms ago.
  const double sent_ms = (pulls.back().frame.rtp_timestamp - 50'000u) / 48.0 + 1000;
  EXPECT_NEAR(pulls.back().time.ms_f() - sent_ms, pulls.back().delay.ms_f() + 30, 1.0);
}

TEST(JitterBuffer, ConcealsOneLostPacketWithoutClick) {
  JitterBufferSim sim({.tone = true, .fec_loss_percent = 0});
  sim.Run(200, [](int n) { return n == 150 ? std::nullopt : Steady(n); });
  EXPECT_EQ(sim.stats().concealment_events, 1u);
  EXPECT_EQ(sim.stats().concealed_samples, 960u);
  EXPECT_LT(sim.MaxStep(0), 1.5f * kToneStep);
}

TEST(JitterBuffer, ConcealsALatePacketWithoutClickAndPlaysItAll) {
  JitterBufferSim sim({.tone = true, .fec_loss_percent = 0});
  // The packets after it wait behind it, as in TCP.
  sim.Run(250, [](int n) { return n >= 150 && n < 154 ? 30_ms + 20_ms * (154 - n) : 30_ms; });
  EXPECT_EQ(sim.stats().concealment_events, 1u);
  EXPECT_EQ(sim.stats().packets_late, 0u);
  EXPECT_LT(sim.stats().concealed_samples, 4u * 960u);
  EXPECT_LT(sim.MaxStep(0), 1.5f * kToneStep);
}

TEST(JitterBuffer, RebuildsALostPacketFromTheNextOnesCopy) {
  JitterBufferSim sim({.buffer = {.min_delay = 60_ms}});
  int lost = 0;
  sim.Run(1000, [&](int n) { return n % 25 == 24 ? (++lost, std::nullopt) : Steady(n); });
  EXPECT_GT(sim.stats().fec_packets_recovered, static_cast<uint64_t>(lost) / 2);
  EXPECT_LT(sim.stats().concealed_samples, static_cast<uint64_t>(lost) / 2 * 960);
  const auto is_fec = [](const auto& p) { return p.frame.kind == AudioFrameKind::kFec; };
  EXPECT_EQ(std::count_if(sim.pulls().begin(), sim.pulls().end(), is_fec),
            2 * static_cast<int64_t>(sim.stats().fec_packets_recovered));
}

TEST(JitterBuffer, OneCopyMendsWhatOneCopyCan) {
  // Two packets lost in a row cost one: the floor is the loss squared, and what is lost where
  // speech is so low that it carries no copy.
  for (const auto& [loss, most] : {std::pair(0.05, 0.0115), {0.10, 0.028}, {0.30, 0.135}}) {
    std::mt19937 random(11);
    std::bernoulli_distribution lost(loss);
    JitterBufferSim sim({.buffer = {.min_delay = 60_ms}});
    sim.Run(6'000, [&](int n) { return lost(random) ? std::nullopt : Steady(n); });
    EXPECT_LT(sim.ConcealedShare(), most) << loss;
    EXPECT_GT(sim.ConcealedShare(), loss * loss * 0.7) << loss;
  }
}

TEST(JitterBuffer, ASenderThatReadsItsClockIsHeardAsOneThatCounts) {
  std::mt19937 random(5);
  for (const int fec : {0, 20}) {
    JitterBufferSim sim(
        {.tone = true,
         .timestamp_error = [&](int) { return static_cast<int>(random() % 97) - 48; },
         .fec_loss_percent = fec});
    sim.Run(500, Steady);
    EXPECT_EQ(sim.stats().concealed_samples, 0u);
    EXPECT_EQ(sim.stats().pause_samples, 0u);
    EXPECT_EQ(sim.stats().fec_packets_recovered, 0u);
    EXPECT_LT(sim.MaxStep(100), 1.1f * kToneStep) << "nothing is joined";
  }
}

TEST(JitterBuffer, WaitsForTheCopyOnceLossesAreSeen) {
  std::mt19937 random(7);
  JitterBufferSim sim({});
  const auto lossy = [&](int n) { return random() % 20 == 0 ? std::nullopt : Steady(n); };
  sim.Run(500, lossy);
  EXPECT_GE(sim.buffer().TargetDelay(), 25_ms);
  const uint64_t before = sim.stats().fec_packets_recovered;
  const uint64_t concealed = sim.stats().concealed_samples;
  sim.Run(1000, lossy);
  EXPECT_GT(sim.stats().fec_packets_recovered - before, 25u);  // of 50 lost
  EXPECT_LT(sim.stats().concealed_samples - concealed, 25u * 960u);
}

TEST(JitterBuffer, FadesOutOfAnOutageAndBackWithoutClick) {
  // Of the music model too, whose concealment fades slowly by itself.
  for (const auto& [packets, channels] : {std::pair(6, 1), {9, 2}, {15, 1}, {15, 2}, {80, 2}}) {
    JitterBufferSim sim({.encoder_channels = channels, .tone = true, .fec_loss_percent = 0});
    sim.Run(200 + packets + 100, [lost = packets](int n) {
      return n >= 200 && n < 200 + lost ? std::nullopt : Steady(n);
    });
    EXPECT_LT(sim.MaxStep(0), 1.5f * kToneStep) << packets << " packets lost";
  }
}

TEST(JitterBuffer, FadesToSilenceInAnOutageAndCountsItApart) {
  JitterBufferSim sim({});
  sim.Run(200, Steady);
  const size_t first = sim.pulls().size();
  sim.Run(100, [](int) { return std::nullopt; });
  const auto& pulls = sim.pulls();
  EXPECT_EQ(pulls[first + 10].frame.kind, AudioFrameKind::kConcealed);
  EXPECT_FALSE(pulls[first + 10].frame.muted);
  EXPECT_TRUE(pulls[first + 40].frame.muted) << "faded after 200 ms";
  EXPECT_EQ(pulls.back().frame.kind, AudioFrameKind::kSilence) << "an outage of over a second";
  EXPECT_FALSE(pulls.back().frame.has_timestamp);
  EXPECT_EQ(sim.buffer().CurrentDelay(), Duration::Zero());
  sim.Run(100, Steady);
  EXPECT_EQ(sim.pulls().back().frame.kind, AudioFrameKind::kNormal);
  EXPECT_LT(sim.pulls().back().delay, 40_ms);
  EXPECT_EQ(sim.stats().silent_concealed_samples, sim.stats().concealed_samples - 9'600u);
  EXPECT_EQ(sim.stats().concealment_events, 1u);
}

TEST(JitterBuffer, CountsAnOutageAsConcealmentForItsWholeLength) {
  for (const int lost : {100, 500}) {
    JitterBufferSim sim({});
    sim.Run(200, Steady);
    sim.Run(lost, [](int) { return std::nullopt; });
    sim.Run(100, Steady);
    const JitterBufferStats& stats = sim.stats();
    EXPECT_NEAR(static_cast<double>(stats.concealed_samples), lost * 960.0, 2 * 960.0);
    EXPECT_NEAR(static_cast<double>(stats.total_samples), (300 + lost) * 960.0, 5 * 960.0);
    EXPECT_EQ(stats.pause_samples, 0u);
    EXPECT_EQ(stats.restarts, 0u);
  }
}

TEST(JitterBuffer, PutsReorderedPacketsInOrder) {
  JitterBufferSim sim({.tone = true, .buffer = {.min_delay = 60_ms}});
  // Every odd packet overtakes the one before.
  sim.Run(300, [](int n) { return n % 2 == 0 ? 55_ms : 30_ms; });
  EXPECT_EQ(sim.stats().concealed_samples, 0u);
  EXPECT_EQ(sim.stats().packets_late, 0u);
  EXPECT_LT(sim.MaxStep(0), 1.3f * kToneStep);
}

TEST(JitterBuffer, IgnoresDuplicates) {
  JitterBufferSim sim({});
  JitterBufferSim twin({});
  const auto twice = [](JitterBufferSim& s) {
    s.DuplicatePackets(true);
    s.Run(200, Steady);
  };
  twice(sim);
  twin.Run(200, Steady);
  EXPECT_EQ(sim.played(), twin.played());
  EXPECT_EQ(sim.stats().packets_duplicate, twin.stats().packets_received);
}

TEST(JitterBuffer, CountsAPacketThatComesAfterItsTimeAsLate) {
  JitterBufferSim sim({});
  sim.Run(200, [](int n) { return n == 150 ? 300_ms : 30_ms; });
  EXPECT_EQ(sim.stats().packets_late, 1u);
  EXPECT_EQ(sim.stats().packets_duplicate, 0u);
}

TEST(JitterBuffer, CrossesTheWrapOfSequenceNumbersAndTimestamps) {
  JitterBufferSim sim({.first_sequence = 65'500, .first_timestamp = 0xffffffffu - 40 * 960});
  sim.Run(200, Steady);
  EXPECT_EQ(sim.stats().concealed_samples, 0u);
  EXPECT_EQ(sim.stats().packets_discarded, 0u);
  EXPECT_EQ(sim.stats().restarts, 0u);
}

TEST(JitterBuffer, FollowsASenderThatRestarts) {
  for (const uint32_t timestamp : {7u, 4'000'000'000u, 50'000u}) {
    JitterBufferSim sim({.tone = true});
    sim.Run(200, Steady);
    sim.RestartSender(42'000, timestamp);
    sim.Run(200, Steady);
    EXPECT_EQ(sim.stats().restarts, 1u);
    EXPECT_LE(sim.stats().concealed_samples, 5u * 960u);
    EXPECT_EQ(sim.pulls().back().frame.kind, AudioFrameKind::kNormal);
    EXPECT_LT(sim.pulls().back().frame.rtp_timestamp - timestamp, 200u * 960u);
    EXPECT_LT(sim.MaxStep(0), 1.5f * kToneStep);
    EXPECT_LT(sim.pulls().back().delay, 40_ms);
  }
}

TEST(JitterBuffer, IgnoresAStrayFromFarAway) {
  JitterBufferSim sim({});
  sim.Run(100, Steady);
  const std::vector<uint8_t> payload = {0x78, 0x00, 0x00};
  sim.buffer().InsertPacket({30'000, 4'000'000'000u, payload}, sim.now());
  sim.Run(100, Steady);
  EXPECT_EQ(sim.stats().packets_discarded, 1u);
  EXPECT_EQ(sim.stats().concealed_samples, 0u);
  EXPECT_EQ(sim.stats().restarts, 0u);
}

TEST(JitterBuffer, ResumesAfterADtxGapWithTheSameDelay) {
  JitterBufferSim sim({});
  sim.Run(200, Steady);
  for (int i = 0; i < 10; ++i) {
    sim.Pause(400_ms);
    sim.Run(i == 5 ? 20 : 1, Steady);
  }
  sim.Run(100, Steady);
  EXPECT_EQ(sim.stats().packets_late, 0u);
  EXPECT_EQ(sim.stats().packets_discarded, 0u);
  EXPECT_EQ(sim.stats().restarts, 0u);
  EXPECT_EQ(sim.stats().concealed_samples, 0u) << "a pause is no loss";
  EXPECT_GT(sim.stats().pause_samples, 9u * 300u * 48u);
  EXPECT_LT(sim.MeanDelay(50), 40_ms);
  EXPECT_LT(sim.buffer().TargetDelay(), 40_ms);
}

TEST(JitterBuffer, StartsAgainAtOnceAfterALongMute) {
  JitterBufferSim sim({});
  sim.Run(200, Steady);
  sim.Pause(Duration::Seconds(90));
  const size_t first = sim.pulls().size();
  sim.Run(50, Steady);
  EXPECT_EQ(sim.stats().restarts, 0u);
  EXPECT_EQ(sim.stats().concealed_samples, 0u) << "a pause is no outage";
  EXPECT_NEAR(static_cast<double>(sim.stats().pause_samples), 90 * 48'000.0, 2 * 960.0);
  EXPECT_EQ(sim.pulls()[first + 10].frame.kind, AudioFrameKind::kNormal) << "100 ms later";
  EXPECT_LT(sim.pulls().back().delay, 40_ms);
}

TEST(JitterBuffer, StaysBoundedUnderAFlood) {
  JitterBuffer buffer({.max_packets = 50});
  std::vector<uint8_t> payload(200, 0x55);
  payload[0] = 0x78;  // CELT, full band, 20 ms
  for (int i = 0; i < 10'000; ++i) {
    const auto n = static_cast<uint32_t>(i);
    buffer.InsertPacket({static_cast<uint16_t>(n), n * 960, payload},
                        Timestamp::Millis(1000 + 20 * i));
    ASSERT_LE(buffer.BufferedDuration(), Duration::Millis(50 * 20));
  }
  EXPECT_EQ(buffer.stats().packets_discarded, 10'000u - 50u);
}

TEST(JitterBuffer, SurvivesGarbage) {
  std::mt19937 random(3);
  JitterBuffer buffer({.channels = 2});
  std::array<float, 2 * kAudioFrameSamples> out;
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> payload(random() % 300);
    for (uint8_t& byte : payload) byte = static_cast<uint8_t>(random());
    const Timestamp now = Timestamp::Millis(10 * i);
    const auto n = static_cast<uint32_t>(i);
    buffer.InsertPacket({static_cast<uint16_t>(n), n * 480, payload}, now);
    buffer.GetAudio(now, out);
    ASSERT_TRUE(std::all_of(out.begin(), out.end(), [](float s) { return std::isfinite(s); }));
  }
  EXPECT_GT(buffer.stats().packets_discarded, 0u);
  EXPECT_GT(buffer.stats().total_samples, 0u);
}

TEST(JitterBuffer, PlaysThoughItHasNoRoomForTheMinimumDelay) {
  JitterBufferSim sim({.buffer = {.min_delay = Duration::Seconds(5),
                                  .max_delay = Duration::Seconds(9),
                                  .max_packets = 20}});
  sim.Run(200, Steady);
  EXPECT_EQ(sim.pulls().back().frame.kind, AudioFrameKind::kNormal);
  EXPECT_EQ(sim.stats().packets_discarded, 0u);
  EXPECT_NEAR(sim.MeanDelay(50).ms_f(), 300, 20);
}

TEST(JitterBuffer, RefusesAnOversizedOrEmptyPayload) {
  JitterBuffer buffer({});
  buffer.InsertPacket({1, 960, {}}, Timestamp::Millis(1));
  const std::vector<uint8_t> big(3000, 0x78);
  buffer.InsertPacket({2, 1920, big}, Timestamp::Millis(2));
  EXPECT_EQ(buffer.stats().packets_discarded, 2u);
  EXPECT_EQ(buffer.BufferedDuration(), Duration::Zero());
}

}  // namespace
}  // namespace ferry
