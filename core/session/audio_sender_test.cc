#include "core/session/audio_sender.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "core/rtp/ntp_time.h"

namespace ferry::session {
namespace {
using namespace literals;

constexpr uint32_t kPacketSamples = 960;
constexpr Timestamp kBegin = Timestamp::Millis(1'700'000'000'000);

class AudioSenderTest : public ::testing::Test {
 protected:
  // 10 ms, captured at `time`.
  void Push(Timestamp time) {
    const std::vector<float> block(480, 0.1f);
    ASSERT_TRUE(sender.Push(block, time, time, packets));
  }
  uint32_t Timestamp32(size_t i) const { return packets.at(i).header.timestamp; }
  // Every packet follows the one before without a step.
  void ExpectEven(size_t from = 0) const {
    for (size_t i = from + 1; i < packets.size(); ++i) {
      ASSERT_EQ(Timestamp32(i) - Timestamp32(i - 1), kPacketSamples) << i;
    }
  }
  // What a packet says of when its first sample was captured.
  static Timestamp CaptureTime(const rtp::RtpPacket& packet) {
    return rtp::FromNtp(packet.extensions.absolute_capture_time.value());
  }

  AudioSender sender =
      std::move(*AudioSender::Create({.rtp = {.ssrc = 7,
                                              .payload_type = rtp::kOpusPayloadType,
                                              .clock_rate_hz = 48'000,
                                              .timestamp_offset = 0xFFFF'0000}}));
  std::vector<rtp::RtpPacket> packets;
};

TEST_F(AudioSenderTest, CountsSamplesWhateverTheClocksSay) {
  std::mt19937 random(1);
  for (const double drift : {0.0, 100e-6, -100e-6}) {
    packets.clear();
    const Timestamp begin = kBegin + Duration::Seconds(drift == 0 ? 0 : drift > 0 ? 1000 : 2000);
    Timestamp captured = begin;
    for (int i = 0; i < 6'000; ++i) {
      captured = begin + Duration::Micros(std::llround(i * 10'000 * (1 + drift)));
      Push(captured + Duration::Micros(static_cast<int64_t>(random() % 6'000) - 3'000));
    }
    ExpectEven();
    ASSERT_EQ(packets.size(), 3'000u);
    // While what it says of the time follows the clock: the last with a capture time is the 2991st.
    const Timestamp of_last = begin + Duration::Micros(std::llround(5'980 * 10'000 * (1 + drift)));
    EXPECT_NEAR((CaptureTime(packets[2'990]) - of_last).ms_f(), 0, 2) << drift;
    // And so do the sender reports, for which a receiver asks at any time.
    const rtp::SenderReport report = sender.rtp().BuildSenderReport(captured);
    const auto since = static_cast<int32_t>(report.rtp_timestamp - Timestamp32(2'999));
    EXPECT_NEAR(since / 48.0, 10, 2) << drift;
  }
}

TEST_F(AudioSenderTest, AHoleInWhatIsCapturedIsNoStep) {
  for (int i = 0; i < 1'000; ++i) Push(kBegin + 10_ms * (i + i / 50));
  ExpectEven();
  EXPECT_NEAR((CaptureTime(packets[490]) - (kBegin + 10_ms * (980 + 19))).ms_f(), 0, 20);
}

TEST_F(AudioSenderTest, APauseIsAsLongAsItWas) {
  Timestamp time = kBegin;
  const auto talk = [&](int blocks) {
    for (int i = 0; i < blocks; ++i, time += 10_ms) Push(time);
  };
  talk(100);
  time += 500_ms;
  talk(100);
  ASSERT_EQ(packets.size(), 100u);
  EXPECT_EQ(Timestamp32(50) - Timestamp32(49), kPacketSamples + 500 * 48);
  // A clock that was set back, too, goes on with sound.
  time += -Duration::Seconds(5);
  talk(100);
  EXPECT_EQ(Timestamp32(100) - Timestamp32(99), kPacketSamples);
  EXPECT_NEAR((CaptureTime(packets[110]) - (time - 800_ms)).ms_f(), 0, 1);
}

TEST_F(AudioSenderTest, TimePassesWhileMuted) {
  for (int i = 0; i < 10; ++i) Push(kBegin + 10_ms * i);
  sender.SetMuted(true);
  for (int i = 10; i < 110; ++i) Push(kBegin + 10_ms * i);
  sender.SetMuted(false);
  for (int i = 110; i < 120; ++i) Push(kBegin + 10_ms * i);
  ASSERT_EQ(packets.size(), 5u + 3u + 5u) << "one packet in 400 ms";
  EXPECT_EQ(Timestamp32(8) - Timestamp32(0), 55 * kPacketSamples);
  ExpectEven(8);
  for (size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(packets[i].header.marker, i == 0 || i == 8) << "where sound begins: " << i;
  }
}

TEST_F(AudioSenderTest, CountsWhatWasEncodedElsewhereToo) {
  const std::vector<float> decoded(960, 0.1f);
  const std::vector<uint8_t> packet{0x78, 1, 2, 3};
  const int jitter[] = {0, 3, -2, 1};
  for (int i = 0; i < 200; ++i) {
    const Timestamp time = kBegin + 20_ms * i + 1_ms * jitter[i % 4];
    ASSERT_TRUE(sender.PushEncoded(packet, decoded, time, time, packets));
  }
  ExpectEven();
}

TEST_F(AudioSenderTest, RefusesHalvesOfSamplesAndPacketsThatAreTooLarge) {
  AudioSender stereo = std::move(*AudioSender::Create({.channels = 2}));
  const std::vector<float> odd(481);
  EXPECT_FALSE(stereo.Push(odd, kBegin, kBegin, packets));
  const std::vector<uint8_t> large(AudioSender::MaxEncodedPacket() + 1);
  EXPECT_FALSE(sender.PushEncoded(large, {}, kBegin, kBegin, packets));
  EXPECT_TRUE(packets.empty());
}

}  // namespace
}  // namespace ferry::session
