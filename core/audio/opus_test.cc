#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "core/audio/jitter_buffer_sim.h"
#include "core/audio/opus_decoder.h"
#include "core/audio/opus_encoder.h"

namespace ferry {
namespace {

using Packet = std::vector<uint8_t>;

std::vector<Packet> EncodeVoice(OpusEncoder& encoder, int frames) {
  const auto channels = static_cast<size_t>(encoder.config().channels);
  const std::vector<float> voice = MakeVoice(static_cast<size_t>(frames) * kOpusFrameSamples);
  std::vector<Packet> packets;
  std::vector<float> pcm(kOpusFrameSamples * channels);
  for (int f = 0; f < frames; ++f) {
    for (size_t i = 0; i < pcm.size(); ++i) {
      pcm[i] = voice[static_cast<size_t>(f) * kOpusFrameSamples + i / channels];
    }
    Packet packet(kMaxOpusPacketBytes);
    packet.resize(encoder.Encode(pcm, packet).value());
    packets.push_back(std::move(packet));
  }
  return packets;
}

double Energy(std::span<const float> samples) {
  double energy = 0;
  for (const float s : samples) energy += static_cast<double>(s) * s;
  return energy;
}

TEST(Opus, DecodesWhatItEncodesMonoAndStereo) {
  for (const int channels : {1, 2}) {
    OpusEncoder encoder = std::move(*OpusEncoder::Create(
        OpusEncoderConfig::ForChannels(channels, DataRate::KilobitsPerSec(64))));
    OpusDecoder decoder = std::move(*OpusDecoder::Create(channels));
    const std::vector<float> voice = MakeVoice(50 * kOpusFrameSamples);
    std::vector<float> out;
    for (const Packet& packet : EncodeVoice(encoder, 50)) {
      std::vector<float> pcm(kMaxOpusPacketSamples * static_cast<size_t>(channels));
      ASSERT_EQ(decoder.Decode(packet, pcm).value(), 960u);
      out.insert(out.end(), pcm.begin(), pcm.begin() + 960 * channels);
    }
    EXPECT_NEAR(Energy(out) / channels / Energy(voice), 1.0, 0.15);
  }
}

TEST(Opus, SettersChangeTheStream) {
  OpusEncoder encoder = std::move(*OpusEncoder::Create({}));
  const auto bytes = [&] {
    size_t sum = 0;
    for (const Packet& p : EncodeVoice(encoder, 50)) sum += p.size();
    return sum;
  };
  encoder.SetBitrate(DataRate::KilobitsPerSec(64));
  const size_t high = bytes();
  encoder.SetBitrate(DataRate::KilobitsPerSec(12));
  EXPECT_LT(bytes(), high / 3);
  encoder.SetBitrate(DataRate::BitsPerSec(1));
  encoder.SetComplexity(99);
  encoder.SetExpectedLossPercent(-4);
  EXPECT_EQ(encoder.config().bitrate.bps(), 6000);
  EXPECT_EQ(encoder.config().complexity, 10);
  EXPECT_EQ(encoder.config().expected_loss_percent, 0);
}

TEST(Opus, DtxSaysThatSilenceNeedNotBeSent) {
  OpusEncoder encoder = std::move(*OpusEncoder::Create({.dtx = true}));
  EncodeVoice(encoder, 20);
  const std::vector<float> silence(kOpusFrameSamples);
  Packet packet(kMaxOpusPacketBytes);
  int unsent = 0;
  for (int i = 0; i < 50; ++i) unsent += encoder.Encode(silence, packet).value() <= 2;
  EXPECT_GT(unsent, 20);
  encoder.SetDtx(false);
  for (int i = 0; i < 50; ++i) EXPECT_GT(encoder.Encode(silence, packet).value(), 2u);
}

TEST(Opus, FecRebuildsThePacketBefore) {
  OpusEncoder encoder = std::move(*OpusEncoder::Create(
      {.bitrate = DataRate::KilobitsPerSec(32), .fec = true, .expected_loss_percent = 30}));
  const std::vector<Packet> packets = EncodeVoice(encoder, 60);
  std::vector<float> whole(960), mended(kMaxOpusPacketSamples), invented(960);
  double mended_error = 0, invented_error = 0;
  int copies = 0;
  for (size_t lost = 20; lost < 50; ++lost) {
    if (!ParseOpusPacket(packets[lost + 1])->has_fec) continue;
    ++copies;
    OpusDecoder a = std::move(*OpusDecoder::Create(1));
    OpusDecoder b = std::move(*OpusDecoder::Create(1));
    OpusDecoder c = std::move(*OpusDecoder::Create(1));
    std::vector<float> pcm(kMaxOpusPacketSamples);
    for (size_t i = 0; i < lost; ++i) {
      for (OpusDecoder* d : {&a, &b, &c}) ASSERT_TRUE(d->Decode(packets[i], pcm));
    }
    ASSERT_EQ(a.Decode(packets[lost], whole).value(), 960u);
    ASSERT_EQ(b.DecodeFec(packets[lost + 1], 960, mended).value(), 960u);
    ASSERT_EQ(c.Conceal(960, invented).value(), 960u);
    for (size_t i = 0; i < 960; ++i) {
      mended_error += std::pow(mended[i] - whole[i], 2);
      invented_error += std::pow(invented[i] - whole[i], 2);
    }
  }
  EXPECT_GT(copies, 10);
  EXPECT_LT(mended_error, invented_error);
}

TEST(Opus, CorruptPacketsAreErrorsAndLeaveTheDecoderUsable) {
  OpusEncoder encoder = std::move(*OpusEncoder::Create({}));
  OpusDecoder decoder = std::move(*OpusDecoder::Create(1));
  std::vector<float> pcm(kMaxOpusPacketSamples);
  EXPECT_EQ(decoder.Decode({}, pcm).error().code, ErrorCode::kTruncated);
  // Code 3 with a frame count of zero, and with more than 120 ms (RFC 6716 §3.4, R5).
  EXPECT_EQ(decoder.Decode(Packet{0x7b, 0x00}, pcm).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(decoder.Decode(Packet{0x7b, 0x3f}, pcm).error().code, ErrorCode::kMalformed);
  // Code 2 whose first length runs past the end.
  EXPECT_EQ(decoder.Decode(Packet{0x7a, 0xc8, 0x01}, pcm).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(decoder.Decode(EncodeVoice(encoder, 1)[0], pcm).value(), 960u);
  std::vector<float> small(100);
  EXPECT_EQ(decoder.Decode(EncodeVoice(encoder, 1)[0], small).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(Opus, RandomBytesNeverCrash) {
  std::mt19937 random(5);
  OpusDecoder decoder = std::move(*OpusDecoder::Create(2));
  std::vector<float> pcm(2 * kMaxOpusPacketSamples);
  for (int i = 0; i < 2000; ++i) {
    Packet packet(random() % 200);
    for (uint8_t& byte : packet) byte = static_cast<uint8_t>(random());
    const Result<OpusPacketInfo> info = ParseOpusPacket(packet);
    const Result<size_t> decoded = decoder.Decode(packet, pcm);
    if (info && decoded) {
      EXPECT_EQ(static_cast<size_t>(info->samples), *decoded);
    }
    if (!info) {
      EXPECT_FALSE(decoded);
    }
  }
}

TEST(Opus, RefusesImpossibleArguments) {
  EXPECT_FALSE(OpusEncoder::Create({.channels = 3}));
  EXPECT_FALSE(OpusDecoder::Create(0));
  OpusEncoder encoder = std::move(*OpusEncoder::Create({}));
  Packet packet(kMaxOpusPacketBytes);
  EXPECT_EQ(encoder.Encode(std::vector<float>(100), packet).error().code,
            ErrorCode::kInvalidArgument);
  OpusDecoder decoder = std::move(*OpusDecoder::Create(1));
  std::vector<float> pcm(kMaxOpusPacketSamples);
  EXPECT_FALSE(decoder.Conceal(100, pcm));
  EXPECT_FALSE(decoder.Conceal(6000, pcm));
}

}  // namespace
}  // namespace ferry
