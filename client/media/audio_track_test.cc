#include "client/media/audio_track.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <random>

#include "client/media/engine_port.h"
#include "client/testing/ogg.h"

namespace ferry::client {
namespace {

using testing::kOggTags;
using testing::OggHead;
using testing::OggPage;

constexpr uint32_t kSsrc = 7;

class AudioTrackTest : public ::testing::Test {
 protected:
  ~AudioTrackTest() override { std::filesystem::remove(path); }

  // So many packets of 20 ms of a tone.
  static std::vector<std::string> Encoded(int count) {
    auto encoder = OpusEncoder::Create({.channels = 1});
    EXPECT_TRUE(encoder);
    Tone tone(440);
    std::vector<std::string> packets;
    for (int i = 0; i < count; ++i) {
      std::array<float, kOpusFrameSamples> pcm;
      EXPECT_TRUE(tone.Next(pcm));
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
  AudioTrack Open(const std::vector<std::string>& packets) {
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        << OggPage({OggHead(1)}) + OggPage({kOggTags}) + OggPage(packets);
    auto file = OggOpusReader::Open(path);
    EXPECT_TRUE(file) << file.error().message;
    auto track = AudioTrack::FromPackets(std::move(*file), DataRate::KilobitsPerSec(40));
    EXPECT_TRUE(track) << track.error().message;
    return std::move(*track);
  }
  struct Sent {
    std::string payload;
    uint32_t timestamp;
    std::optional<AudioLevel> level;
  };
  // What leaves until the file ends.
  std::vector<Sent> Play(AudioTrack& track) {
    std::vector<Sent> packets;
    for (;; now += track.interval()) {
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
  }

  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     ("ferry-track-" + std::to_string(std::random_device()()));
  Timestamp now = Timestamp::Millis(1'790'000'000'000);
  EnginePort publisher{1};
};

TEST_F(AudioTrackTest, PacketsOfTheProtocolsLengthAreSentAsTheyAre) {
  const auto packets = Encoded(30);
  AudioTrack track = Open(packets);
  EXPECT_TRUE(track.as_it_is());
  ASSERT_TRUE(track.Start(kSsrc, publisher.engine()));
  for (int round = 0; round < 2; ++round) {
    const auto sent = Play(track);
    ASSERT_EQ(sent.size(), packets.size());
    for (size_t i = 0; i < sent.size(); ++i) {
      EXPECT_EQ(sent[i].payload, packets[i]) << i;
      EXPECT_EQ(sent[i].timestamp, sent[0].timestamp + i * kOpusFrameSamples) << i;
      ASSERT_TRUE(sent[i].level);
    }
    EXPECT_LT(sent.back().level->minus_dbov, 30) << "as loud as the tone";
  }
}

TEST_F(AudioTrackTest, LongerPacketsAreEncodedAnew) {
  const auto packets = Encoded(30);
  AudioTrack track = Open({packets[0], Joined(packets[1], packets[2]), packets[3]});
  EXPECT_FALSE(track.as_it_is());
  ASSERT_TRUE(track.Start(kSsrc, publisher.engine()));
  const auto sent = Play(track);
  ASSERT_EQ(sent.size(), 4u);
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
