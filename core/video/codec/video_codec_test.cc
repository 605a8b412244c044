#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/video/codec/testing/synthetic_clip.h"
#include "core/video/codec/video_decoder.h"
#include "core/video/codec/video_encoder.h"

namespace ferry {
namespace {

using namespace literals;
using testing::HashPicture;
using testing::MeanSquaredError;
using testing::Psnr;
using testing::SyntheticClip;

constexpr VideoSize kSmall{320, 180};

struct Codec {
  const char* name;
  Result<std::unique_ptr<VideoEncoder>> (*encoder)(const VideoEncoderSettings&);
  Result<std::unique_ptr<VideoDecoder>> (*decoder)(int threads);
  // Of the pictures decoded in DecodesTheSamePicturesOnEveryPlatform, made by the native x86-64
  // build.
  uint64_t expected_hash;
};

void PrintTo(const Codec& codec, std::ostream* out) { *out << codec.name; }

class VideoCodecTest : public ::testing::TestWithParam<Codec> {
 protected:
  std::unique_ptr<VideoEncoder> Encoder(VideoEncoderSettings settings) {
    auto encoder = GetParam().encoder(settings);
    EXPECT_TRUE(encoder.has_value()) << (encoder ? "" : encoder.error().message);
    return encoder ? std::move(*encoder) : nullptr;
  }
  std::unique_ptr<VideoDecoder> Decoder() { return std::move(*GetParam().decoder(1)); }

  // Encodes the clip's picture `index`, captured at 30 per second.
  std::vector<uint8_t> Encode(VideoEncoder& encoder, VideoSize size, int index,
                              bool force_keyframe = false) {
    SyntheticClip(size).Draw(index, picture_);
    auto frame =
        encoder.Encode(picture_.view(), Timestamp::Micros(index * 1'000'000 / 30), force_keyframe);
    EXPECT_TRUE(frame.has_value()) << (frame ? "" : frame.error().message);
    if (!frame) return {};
    keyframe_ = frame->keyframe;
    return {frame->data.begin(), frame->data.end()};
  }

  I420Buffer picture_;  // what was encoded last
  bool keyframe_ = false;
};

VideoEncoderSettings Settings(VideoSize size, DataRate bitrate) {
  return {.size = size, .fps = 30, .bitrate = bitrate, .speed = 8, .threads = 1};
}

TEST_P(VideoCodecTest, DecodedPicturesLookLikeTheEncodedOnes) {
  auto encoder = Encoder(Settings(kSmall, 600_kbps));
  auto decoder = Decoder();
  double error = 0;
  int decoded = 0;
  for (int i = 0; i < 60; ++i) {
    const auto frame = Encode(*encoder, kSmall, i);
    if (frame.empty()) continue;
    auto picture = decoder->Decode(frame);
    ASSERT_TRUE(picture.has_value()) << picture.error().message;
    ASSERT_TRUE(picture->has_value());
    ASSERT_EQ((*picture)->size, kSmall);
    error += MeanSquaredError(picture_.view(), **picture);
    ++decoded;
  }
  EXPECT_GE(decoded, 55);
  EXPECT_GT(Psnr(error / decoded), 30.0);
}

// Natively and in WebAssembly this must give the same hash: what one end decodes is what the other
// end's encoder predicts from.
TEST_P(VideoCodecTest, DecodesTheSamePicturesOnEveryPlatform) {
  auto encoder = Encoder(Settings(kSmall, 400_kbps));
  auto decoder = Decoder();
  uint64_t hash = 0xcbf29ce484222325u;
  for (int i = 0; i < 40; ++i) {
    const auto frame = Encode(*encoder, kSmall, i, i == 25);
    if (frame.empty()) continue;
    auto picture = decoder->Decode(frame);
    ASSERT_TRUE(picture.has_value() && picture->has_value());
    hash = HashPicture(**picture, hash);
  }
  EXPECT_EQ(hash, GetParam().expected_hash) << std::hex << "0x" << hash;
}

TEST_P(VideoCodecTest, KeyframesComeFirstAndOnDemandOnly) {
  auto encoder = Encoder(Settings(kSmall, 600_kbps));
  for (int i = 0; i < 90; ++i) {
    const auto frame = Encode(*encoder, kSmall, i, i == 50);
    if (frame.empty()) continue;
    EXPECT_EQ(keyframe_, i == 0 || i == 50) << "picture " << i;
  }
}

TEST_P(VideoCodecTest, KeepsToTheBitrateAndFollowsItsChange) {
  VideoEncoderSettings settings = Settings(kSmall, 500_kbps);
  auto encoder = Encoder(settings);
  int index = 0;
  for (const DataRate rate : {500_kbps, 200_kbps, 800_kbps}) {
    settings.bitrate = rate;
    ASSERT_TRUE(encoder->Configure(settings).has_value());
    // The rate control needs a second to settle; five seconds are measured.
    size_t bytes = 0;
    for (int i = 0; i < 180; ++i, ++index) {
      const auto frame = Encode(*encoder, kSmall, index);
      if (i >= 30) bytes += frame.size();
      EXPECT_TRUE(index == 0 || frame.empty() || !keyframe_);
    }
    const double kbps = static_cast<double>(bytes) * 8 / 5 / 1000;
    EXPECT_NEAR(kbps, static_cast<double>(rate.kbps()), 0.2 * static_cast<double>(rate.kbps()));
  }
}

TEST_P(VideoCodecTest, KeepsToTheBitrateWhenPicturesComeSlowerThanAnnounced) {
  auto encoder = Encoder(Settings(kSmall, 400_kbps));
  SyntheticClip clip(kSmall);
  I420Buffer picture;
  size_t bytes = 0;
  for (int i = 0; i < 90; ++i) {  // 10 a second, where 30 were announced
    clip.Draw(i, picture);
    auto frame = encoder->Encode(picture.view(), Timestamp::Millis(i * 100), false);
    ASSERT_TRUE(frame.has_value());
    if (i >= 30) bytes += frame->data.size();
  }
  EXPECT_NEAR(static_cast<double>(bytes) * 8 / 6 / 1000, 400.0, 80.0);
}

TEST_P(VideoCodecTest, ChangesSizeWithAKeyframe) {
  auto encoder = Encoder(Settings(kSmall, 500_kbps));
  auto decoder = Decoder();
  int index = 0;
  for (const VideoSize size : {kSmall, VideoSize{640, 360}, VideoSize{161, 91}, kSmall}) {
    ASSERT_TRUE(encoder->Configure(Settings(size, 500_kbps)).has_value());
    for (int i = 0; i < 3; ++i, ++index) {
      const auto frame = Encode(*encoder, size, index);
      ASSERT_FALSE(frame.empty());
      EXPECT_EQ(keyframe_, i == 0);
      auto picture = decoder->Decode(frame);
      ASSERT_TRUE(picture.has_value() && picture->has_value());
      EXPECT_EQ((*picture)->size, size);
      EXPECT_GT(Psnr(MeanSquaredError(picture_.view(), **picture)), 25.0);
    }
  }
}

TEST_P(VideoCodecTest, RefusesImpossibleSettingsAndKeepsTheFormerOnes) {
  auto encoder = Encoder(Settings(kSmall, 500_kbps));
  VideoEncoderSettings bad[] = {
      Settings({0, 180}, 500_kbps), Settings({320, 5000}, 500_kbps), Settings({8, 8}, 500_kbps),
      Settings(kSmall, DataRate()), Settings(kSmall, 500_kbps),      Settings(kSmall, 500_kbps),
      Settings(kSmall, 500_kbps),   Settings(kSmall, 500_kbps),
  };
  bad[4].fps = 0;
  bad[5].speed = 99;
  bad[6].threads = 0;
  bad[7].temporal_layers = 0;
  for (const auto& settings : bad) {
    EXPECT_FALSE(GetParam().encoder(settings).has_value());
    auto configured = encoder->Configure(settings);
    ASSERT_FALSE(configured.has_value());
    EXPECT_EQ(configured.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(Encode(*encoder, kSmall, 0).empty());
}

TEST_P(VideoCodecTest, RefusesAPictureOfAnotherSize) {
  auto encoder = Encoder(Settings(kSmall, 500_kbps));
  I420Buffer picture(VideoSize{160, 90});
  EXPECT_FALSE(encoder->Encode(picture.view(), Timestamp(), false).has_value());
}

TEST_P(VideoCodecTest, EncodesThoughCaptureTimesRepeatOrGoBack) {
  auto encoder = Encoder(Settings(kSmall, 500_kbps));
  SyntheticClip clip(kSmall);
  I420Buffer picture;
  int encoded = 0;
  for (const int64_t ms : {1000, 1033, 1033, 900, 1100, 90'000'000, 1200}) {
    clip.Draw(encoded, picture);
    auto frame = encoder->Encode(picture.view(), Timestamp::Millis(ms), false);
    ASSERT_TRUE(frame.has_value()) << frame.error().message;
    ++encoded;
  }
}

TEST_P(VideoCodecTest, AFrameWithoutItsKeyframeIsAnError) {
  auto encoder = Encoder(Settings(kSmall, 500_kbps));
  const auto keyframe = Encode(*encoder, kSmall, 0);
  const auto delta = Encode(*encoder, kSmall, 1);
  auto decoder = Decoder();
  EXPECT_FALSE(decoder->Decode(delta).has_value());
  EXPECT_TRUE(decoder->Decode(keyframe).has_value());
  EXPECT_TRUE(decoder->Decode(delta).has_value());
}

TEST_P(VideoCodecTest, AnEmptyFrameIsAnError) { EXPECT_FALSE(Decoder()->Decode({}).has_value()); }

TEST_P(VideoCodecTest, DamageGivesErrorsAndTheNextKeyframeHeals) {
  auto encoder = Encoder(Settings(kSmall, 500_kbps));
  std::vector<std::vector<uint8_t>> frames;
  for (int i = 0; i < 6; ++i) frames.push_back(Encode(*encoder, kSmall, i));
  auto decoder = Decoder();
  uint32_t random = 1;
  const auto next = [&] { return random = random * 1664525u + 1013904223u; };
  int errors = 0;
  for (int round = 0; round < 60; ++round) {
    for (auto frame : frames) {
      switch (round % 3) {
        case 0:  // cut short
          frame.resize(next() % frame.size());
          break;
        case 1:  // some bytes changed
          for (int i = 0; i < 8; ++i) frame[next() % frame.size()] = static_cast<uint8_t>(next());
          break;
        default:  // the head changed
          for (int i = 0; i < 4; ++i) frame[next() % 12] = static_cast<uint8_t>(next() >> 24);
          break;
      }
      if (!decoder->Decode(frame).has_value()) ++errors;
    }
    auto healed = decoder->Decode(frames[0]);
    ASSERT_TRUE(healed.has_value() && healed->has_value()) << "round " << round;
    EXPECT_EQ((*healed)->size, kSmall);
  }
  EXPECT_GT(errors, 60);
}

INSTANTIATE_TEST_SUITE_P(
    Vpx, VideoCodecTest,
    ::testing::Values(Codec{"VP8", CreateVp8Encoder, CreateVp8Decoder, 0x5cb836062267d81c},
                      Codec{"VP9", CreateVp9Encoder, CreateVp9Decoder, 0x78812c441a81afbd}),
    [](const auto& param) { return param.param.name; });

struct LayeredFrame {
  std::vector<uint8_t> data;
  bool keyframe = false;
  uint8_t temporal_id = 0;
};

// Of VP8 with two temporal layers at 600 kbps and 30 pictures a second; a keyframe was asked for at
// `keyframe_at`.
std::vector<LayeredFrame> EncodeInTwoLayers(int pictures, int keyframe_at) {
  VideoEncoderSettings settings = Settings(kSmall, 600_kbps);
  settings.temporal_layers = 2;
  auto encoder = std::move(*CreateVp8Encoder(settings));
  I420Buffer picture;
  std::vector<LayeredFrame> frames;
  for (int i = 0; i < pictures; ++i) {
    SyntheticClip(kSmall).Draw(i, picture);
    auto frame =
        encoder->Encode(picture.view(), Timestamp::Micros(i * 1'000'000 / 30), i == keyframe_at);
    EXPECT_TRUE(frame.has_value());
    if (!frame || frame->data.empty()) continue;
    EXPECT_TRUE(frame->temporal_id.has_value());
    frames.push_back({{frame->data.begin(), frame->data.end()},
                      frame->keyframe,
                      frame->temporal_id.value_or(7)});
  }
  return frames;
}

TEST(Vp8TemporalLayers, TakeTurnsAndBeginAnewWithAKeyframe) {
  const auto frames = EncodeInTwoLayers(40, 21);
  ASSERT_GE(frames.size(), 35u);
  int keyframes = 0;
  for (size_t i = 0; i < frames.size(); ++i) {
    keyframes += frames[i].keyframe;
    if (frames[i].keyframe) {
      EXPECT_EQ(frames[i].temporal_id, 0);
    } else {
      EXPECT_EQ(frames[i].temporal_id, 1 - frames[i - 1].temporal_id) << "frame " << i;
    }
  }
  EXPECT_EQ(keyframes, 2);
}

TEST(Vp8TemporalLayers, TheBaseIsTheSamePictureWithAndWithoutTheUpperLayer) {
  const auto frames = EncodeInTwoLayers(180, 90);
  auto whole = std::move(*CreateVp8Decoder(1));
  auto base = std::move(*CreateVp8Decoder(1));
  size_t base_bytes = 0;
  size_t bytes = 0;
  for (const LayeredFrame& frame : frames) {
    bytes += frame.data.size();
    auto full = whole->Decode(frame.data);
    ASSERT_TRUE(full.has_value() && full->has_value());
    const uint64_t hash = HashPicture(**full, 1);
    if (frame.temporal_id != 0) continue;
    base_bytes += frame.data.size();
    auto half = base->Decode(frame.data);
    ASSERT_TRUE(half.has_value() && half->has_value());
    EXPECT_EQ(HashPicture(**half, 1), hash);
  }
  EXPECT_NEAR(static_cast<double>(base_bytes) / static_cast<double>(bytes), 0.6, 0.15);
  EXPECT_NEAR(static_cast<double>(bytes) * 8 / 6 / 1000, 600.0, 120.0);
}

TEST(Vp8TemporalLayers, AreNoSettingOfVp9NorMoreThanTwo) {
  VideoEncoderSettings settings = Settings(kSmall, 600_kbps);
  settings.temporal_layers = 2;
  EXPECT_EQ(CreateVp9Encoder(settings).error().code, ErrorCode::kInvalidArgument);
  settings.temporal_layers = 3;
  EXPECT_EQ(CreateVp8Encoder(settings).error().code, ErrorCode::kInvalidArgument);
}

TEST(VideoDecoderLimits, RefusesAKeyframeOfAHugePicture) {
  // A VP8 keyframe header that announces 16383x16383 (RFC 6386, 9.1).
  const uint8_t header[] = {0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0xff, 0x3f, 0xff, 0x3f, 0, 0, 0, 0};
  auto decoder = std::move(*CreateVp8Decoder());
  auto decoded = decoder->Decode(header);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace ferry
