#include "client/media/audio_track.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "client/media/engine_port.h"
#include "client/testing/files.h"
#include "client/testing/ogg.h"

namespace ferry::client {
namespace {

using testing::OggFile;
using testing::OggHead;

constexpr uint32_t kSsrc = 7;
constexpr size_t kSilent = AudioTrack::kSilentPackets;

class AudioTrackTest : public ::testing::Test {
 protected:
  // So many packets of 20 ms of a tone.
  static std::vector<std::string> Encoded(int count) {
    auto encoder = OpusEncoder::Create({.channels = 1});
    EXPECT_TRUE(encoder);
    Tone tone(440);
    std::vector<std::string> packets;
    for (int i = 0; i < count; ++i) {
      std::array<float, kOpusFrameSamples> pcm;
      EXPECT_EQ(tone.Read(pcm), pcm.size());
      std::array<uint8_t, kMaxOpusPacketBytes> bytes;
      const auto size = encoder->Encode(pcm, bytes);
      EXPECT_TRUE(size);
      packets.emplace_back(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(*size));
    }
    return packets;
  }
  // RFC 6716 §3.2.4, code 2: two frames in one packet.
  static std::string Joined(const std::string& first, const std::string& second) {
    EXPECT_EQ(first[0] & 3, 0);
    EXPECT_LT(first.size(), 252u);
    return std::string{static_cast<char>(first[0] | 2), static_cast<char>(first.size() - 1)} +
           first.substr(1) + second.substr(1);
  }
  AudioTrack Open(const std::vector<std::string>& packets, bool loop = false,
                  const std::string& head = OggHead(1), int64_t granule = -1) {
    auto file = OggOpusReader::Open(testing::Bytes(OggFile(packets, head, granule)));
    EXPECT_TRUE(file) << file.error().message;
    auto track = AudioTrack::FromPackets(std::move(*file), DataRate::KilobitsPerSec(40), loop);
    EXPECT_TRUE(track) << track.error().message;
    return std::move(*track);
  }
  struct Sent {
    std::string payload;
    uint32_t timestamp;
    std::optional<AudioLevel> level;
  };
  // What leaves until the file ends, or until so many packets.
  std::vector<Sent> Play(AudioTrack& track, size_t most = 1000) {
    std::vector<Sent> packets;
    for (; packets.size() < most; now += track.interval()) {
      const auto sent = track.SendNext(now, now, publisher.engine());
      EXPECT_TRUE(sent) << sent.error().message;
      if (!sent || !*sent) return packets;
      for (auto packet = publisher.NextPacket(now); !packet.empty();
           packet = publisher.NextPacket(now)) {
        const auto view = rtp::ParseRtp(packet);
        if (rtp::IsRtcp(packet) || !view || view->header.ssrc != kSsrc) continue;
        packets.push_back({std::string(view->payload.begin(), view->payload.end()),
                           view->header.timestamp, view->extensions.audio_level});
      }
    }
    return packets;
  }
  // What a listener hears of it.
  static std::vector<float> Heard(const std::vector<Sent>& packets) {
    auto decoder = OpusDecoder::Create(1);
    EXPECT_TRUE(decoder);
    std::vector<float> heard;
    for (const Sent& packet : packets) {
      std::array<float, kOpusFrameSamples> pcm;
      EXPECT_TRUE(decoder->Decode(
          {reinterpret_cast<const uint8_t*>(packet.payload.data()), packet.payload.size()}, pcm));
      heard.insert(heard.end(), pcm.begin(), pcm.end());
    }
    return heard;
  }
  static double Power(const std::vector<float>& samples, size_t from, size_t count) {
    double energy = 0;
    for (size_t i = from; i < from + count; ++i) energy += samples[i] * samples[i];
    return energy / static_cast<double>(count);
  }
  static ::testing::AssertionResult Continuous(const std::vector<Sent>& packets) {
    for (size_t i = 1; i < packets.size(); ++i) {
      if (packets[i].timestamp - packets[i - 1].timestamp != kOpusFrameSamples) {
        return ::testing::AssertionFailure() << "a hole before packet " << i;
      }
    }
    return ::testing::AssertionSuccess();
  }

  Timestamp now = Timestamp::Millis(1'790'000'000'000);
  EnginePort publisher{1};
};

TEST_F(AudioTrackTest, PacketsOfTheProtocolsLengthAreSentAsTheyAre) {
  const auto packets = Encoded(30);
  AudioTrack track = Open(packets);
  EXPECT_TRUE(track.as_it_is());
  ASSERT_TRUE(track.Start(kSsrc, publisher.engine()));
  const auto sent = Play(track);
  ASSERT_EQ(sent.size(), packets.size() + kSilent);
  EXPECT_TRUE(Continuous(sent));
  for (size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(sent[i].payload, packets[i]) << i;
    ASSERT_TRUE(sent[i].level);
  }
  EXPECT_LT(sent[packets.size() - 1].level->minus_dbov, 30) << "as loud as the tone";
  EXPECT_EQ(sent.back().level->minus_dbov, 127) << "and then silence";
}

TEST_F(AudioTrackTest, InALoopPacketsAreSentAsTheyAreWhereNothingIsToBeCut) {
  const auto packets = Encoded(3);
  AudioTrack track = Open(packets, /*loop=*/true);
  EXPECT_TRUE(track.as_it_is());
  EXPECT_TRUE(track.endless());
  ASSERT_TRUE(track.Start(kSsrc, publisher.engine()));
  const auto sent = Play(track, 10);
  EXPECT_TRUE(Continuous(sent));
  for (size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(sent[i].payload, packets[i % 3]) << i;
  EXPECT_FALSE(Open(packets, true, OggHead(1, 312)).as_it_is()) << "else there are holes";
  EXPECT_FALSE(Open(packets, true, OggHead(1), 2'000).as_it_is());
  EXPECT_TRUE(Open(packets, true, OggHead(1), 2'880).as_it_is());
}

TEST_F(AudioTrackTest, ALoopLeavesNoHole) {
  // A second is 1 000 periods of the tone; its end is within a packet, and its decoder has a start.
  auto encoder =
      OpusEncoder::Create(OpusEncoderConfig::ForChannels(1, DataRate::KilobitsPerSec(96)));
  ASSERT_TRUE(encoder);
  std::vector<std::string> packets;
  for (size_t i = 0; i < 51; ++i) {
    std::array<float, kOpusFrameSamples> pcm;
    for (size_t s = 0; s < pcm.size(); ++s) {
      pcm[s] = 0.5f * static_cast<float>(std::sin(2 * std::numbers::pi * 1000 *
                                                  static_cast<double>(i * 960 + s) / 48'000));
    }
    std::array<uint8_t, kMaxOpusPacketBytes> bytes;
    const auto size = encoder->Encode(pcm, bytes);
    ASSERT_TRUE(size);
    packets.emplace_back(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(*size));
  }
  AudioTrack track = Open(packets, true, OggHead(1, 312), 48'312);
  ASSERT_TRUE(track.Start(kSsrc, publisher.engine()));
  const auto sent = Play(track, 175);
  EXPECT_TRUE(Continuous(sent));
  const auto heard = Heard(sent);
  // Wherever one looks, two periods are as loud as everywhere.
  for (size_t i = 9'600; i + 960 <= heard.size(); i += 480) {
    EXPECT_NEAR(Power(heard, i, 960), 0.125, 0.03) << i;
  }
}

TEST_F(AudioTrackTest, ALoopOfAnyLengthLeavesNoHole) {
  struct Ramp final : SoundSource {
    int channels() const override { return 1; }
    size_t Read(std::span<float> out) override {
      size_t i = 0;
      for (; i < out.size() && at < 1234; ++i, ++at) out[i] = 0.25f;
      return i;
    }
    void Rewind() override { at = 0; }
    bool endless() const override { return false; }
    int at = 0;
  };
  AudioTrack track =
      AudioTrack::FromSound(std::make_unique<Ramp>(), DataRate::KilobitsPerSec(40), true);
  EXPECT_TRUE(track.endless());
  ASSERT_TRUE(track.Start(kSsrc, publisher.engine()));
  const auto sent = Play(track, 50);
  EXPECT_TRUE(Continuous(sent));
  EXPECT_LT(sent.back().level->minus_dbov, 13) << "no silence in between";
}

TEST_F(AudioTrackTest, ASoundIsSentToItsLastSample) {
  struct Short final : SoundSource {
    explicit Short(size_t samples) : left(samples) {}
    int channels() const override { return 1; }
    size_t Read(std::span<float> out) override {
      const size_t got = std::min(left, out.size());
      std::fill_n(out.begin(), got, 0.25f);
      left -= got;
      return got;
    }
    void Rewind() override {}
    bool endless() const override { return false; }
    size_t left;
  };
  for (const auto& [samples, packets] :
       {std::pair<size_t, size_t>{1, 1}, {480, 1}, {648, 1}, {649, 2}, {960, 2}, {48'000, 51}}) {
    AudioTrack track = AudioTrack::FromSound(std::make_unique<Short>(samples),
                                             DataRate::KilobitsPerSec(40), false);
    ASSERT_TRUE(track.Start(kSsrc, publisher.engine()));
    EXPECT_EQ(Play(track).size(), packets + kSilent) << samples;
    EXPECT_TRUE(publisher.engine().RemoveSender(kSsrc));
    now += Duration::Seconds(1);
  }
  AudioTrack empty =
      AudioTrack::FromSound(std::make_unique<Short>(0), DataRate::KilobitsPerSec(40), false);
  ASSERT_TRUE(empty.Start(kSsrc, publisher.engine()));
  EXPECT_EQ(Play(empty).size(), 0u);
  EXPECT_TRUE(publisher.engine().RemoveSender(kSsrc));
  AudioTrack loop =
      AudioTrack::FromSound(std::make_unique<Short>(0), DataRate::KilobitsPerSec(40), true);
  ASSERT_TRUE(loop.Start(kSsrc, publisher.engine()));
  EXPECT_FALSE(loop.SendNext(now, now, publisher.engine())) << "no endless nothing";
}

TEST_F(AudioTrackTest, TheEndOfPacketsIsWhereTheFileSays) {
  const auto packets = Encoded(30);
  // Of the 30 packets three are beyond the end, and half of another.
  AudioTrack track = Open(packets, false, OggHead(1), 26 * 960 + 480);
  ASSERT_TRUE(track.as_it_is());
  ASSERT_TRUE(track.Start(kSsrc, publisher.engine()));
  const auto sent = Play(track);
  ASSERT_EQ(sent.size(), 27 + kSilent);
  for (size_t i = 0; i < 26; ++i) EXPECT_EQ(sent[i].payload, packets[i]) << i;
  const auto heard = Heard(sent);
  // A coder blurs an edge over some 5 ms.
  EXPECT_NEAR(10 * std::log10(Power(heard, 26 * 960, 240) / Power(heard, 20 * 960, 960)), 0, 1.5);
  EXPECT_LT(10 * std::log10(Power(heard, 26 * 960 + 720, 240) / Power(heard, 20 * 960, 960)), -20);
}

TEST_F(AudioTrackTest, WhatHasAGainOrALongStartIsEncodedAnew) {
  const auto packets = Encoded(5);
  EXPECT_TRUE(Open(packets, false, OggHead(1, 312)).as_it_is());
  EXPECT_FALSE(Open(packets, false, OggHead(1, 312, -256)).as_it_is());
  EXPECT_FALSE(Open(packets, false, OggHead(1, 3840)).as_it_is());
}

TEST_F(AudioTrackTest, LongerPacketsAreEncodedAnew) {
  const auto packets = Encoded(30);
  AudioTrack track = Open({packets[0], Joined(packets[1], packets[2]), packets[3]});
  EXPECT_FALSE(track.as_it_is());
  ASSERT_TRUE(track.Start(kSsrc, publisher.engine()));
  const auto sent = Play(track);
  ASSERT_EQ(sent.size(), 5 + kSilent) << "with what the coder holds back";
  for (const Sent& packet : sent) {
    const auto info = ParseOpusPacket(
        {reinterpret_cast<const uint8_t*>(packet.payload.data()), packet.payload.size()});
    ASSERT_TRUE(info);
    EXPECT_EQ(info->samples, kOpusFrameSamples);
  }
}

TEST_F(AudioTrackTest, PacketsThatNoFrameCarriesAreEncodedAnew) {
  // RFC 6716 §3.2.5: padded to more than leaves in one packet.
  const std::string frame = Encoded(1)[0];
  const std::string padded =
      std::string{
          static_cast<char>(frame[0] | 3), '\x41', '\xff', '\xff', '\xff', '\xff', '\xff', '\0'} +
      frame.substr(1) + std::string(5 * 254, '\0');
  EXPECT_FALSE(Open({padded}).as_it_is());
}

}  // namespace
}  // namespace ferry::client
