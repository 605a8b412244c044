#include "core/video/codec/frame_converter.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "core/video/codec/testing/synthetic_clip.h"

namespace ferry {
namespace {

using testing::MeanSquaredError;
using testing::Psnr;
using testing::SyntheticClip;

constexpr VideoSize kSize{66, 38};

// A picture of one colour in a packed RGB format: the four bytes of each pixel.
std::vector<uint8_t> Packed(VideoSize size, std::array<uint8_t, 4> pixel) {
  std::vector<uint8_t> bytes;
  for (int i = 0; i < size.width * size.height; ++i) {
    bytes.insert(bytes.end(), pixel.begin(), pixel.end());
  }
  return bytes;
}

void ExpectColour(const I420View& picture, int y, int u, int v) {
  for (int row : {0, picture.size.height - 1}) {
    for (int column : {0, picture.size.width - 1}) {
      EXPECT_NEAR(picture.y[row * picture.stride_y + column], y, 2);
      EXPECT_NEAR(picture.u[row / 2 * picture.stride_uv + column / 2], u, 2);
      EXPECT_NEAR(picture.v[row / 2 * picture.stride_uv + column / 2], v, 2);
    }
  }
}

TEST(FrameConverterTest, ConvertsRgbToLimitedRangeByTheOrderOfItsName) {
  FrameConverter converter;
  // Pure red in BT.601 limited range is Y 81, U 90, V 240; blue Y 41, U 240, V 110.
  for (const PixelFormat format : {PixelFormat::kRGBA, PixelFormat::kRGBX}) {
    const auto red = Packed(kSize, {255, 0, 0, 255});
    auto picture = converter.Convert(red, format, kSize, {}, kSize);
    ASSERT_TRUE(picture.has_value());
    ExpectColour(*picture, 81, 90, 240);
  }
  for (const PixelFormat format : {PixelFormat::kBGRA, PixelFormat::kBGRX}) {
    const auto blue = Packed(kSize, {255, 0, 0, 255});
    auto picture = converter.Convert(blue, format, kSize, {}, kSize);
    ASSERT_TRUE(picture.has_value());
    ExpectColour(*picture, 41, 240, 110);
  }
}

TEST(FrameConverterTest, BlackAndWhiteAreTheEndsOfTheLimitedRange) {
  FrameConverter converter;
  const auto black = Packed(kSize, {0, 0, 0, 0});
  ExpectColour(*converter.Convert(black, PixelFormat::kRGBA, kSize, {}, kSize), 16, 128, 128);
  const auto white = Packed(kSize, {255, 255, 255, 0});
  ExpectColour(*converter.Convert(white, PixelFormat::kRGBA, kSize, {}, kSize), 235, 128, 128);
}

TEST(FrameConverterTest, SplitsNv12Chroma) {
  std::vector<uint8_t> bytes(TightFrameBytes(PixelFormat::kNV12, kSize), 100);
  for (size_t i = size_t(kSize.width * kSize.height); i + 1 < bytes.size(); i += 2) {
    bytes[i] = 60;
    bytes[i + 1] = 200;
  }
  FrameConverter converter;
  auto picture = converter.Convert(bytes, PixelFormat::kNV12, kSize, {}, kSize);
  ASSERT_TRUE(picture.has_value());
  ExpectColour(*picture, 100, 60, 200);
}

TEST(FrameConverterTest, TakesI420AsItIsWithoutCopying) {
  std::vector<uint8_t> bytes(TightFrameBytes(PixelFormat::kI420, kSize), 90);
  FrameConverter converter;
  auto picture = converter.Convert(bytes, PixelFormat::kI420, kSize, {}, kSize);
  ASSERT_TRUE(picture.has_value());
  EXPECT_EQ(picture->y, bytes.data());
}

TEST(FrameConverterTest, ReadsPlanesWhereTheLayoutSays) {
  // Rows of 80 bytes, V before U, a gap at the front.
  const PlaneLayout layout[] = {{10, 80}, {10 + 80 * 38 + 40 * 19, 40}, {10 + 80 * 38, 40}};
  std::vector<uint8_t> bytes(10 + 80 * 38 + 2 * 40 * 19, 0);
  const auto fill = [&](const PlaneLayout& at, int width, int height, uint8_t value) {
    for (int y = 0; y < height; ++y) {
      std::fill_n(bytes.begin() + at.offset + y * int(at.stride), width, value);
    }
  };
  fill(layout[0], 66, 38, 120);
  fill(layout[1], 33, 19, 70);
  fill(layout[2], 33, 19, 180);
  FrameConverter converter;
  auto picture = converter.Convert(bytes, PixelFormat::kI420, kSize, layout, kSize);
  ASSERT_TRUE(picture.has_value());
  ExpectColour(*picture, 120, 70, 180);
}

TEST(FrameConverterTest, IgnoresTheAlphaPlaneOfI420A) {
  std::vector<uint8_t> bytes(TightFrameBytes(PixelFormat::kI420, kSize), 90);
  FrameConverter converter;
  // The alpha plane lies outside: it is not looked at.
  const PlaneLayout layout[] = {{0, 66}, {66 * 38, 33}, {66 * 38 + 33 * 19, 33}, {1u << 30, 66}};
  EXPECT_TRUE(converter.Convert(bytes, PixelFormat::kI420A, kSize, layout, kSize).has_value());
}

TEST(FrameConverterTest, ScalesToTheWantedSize) {
  const VideoSize large{640, 360}, small{320, 180};
  I420Buffer source, back(large);
  SyntheticClip(large).Draw(0, source);
  const I420View view = source.view();
  FrameConverter converter;
  const ByteSpan bytes(view.y, TightFrameBytes(PixelFormat::kI420, large));
  auto halved = converter.Convert(bytes, PixelFormat::kI420, large, {}, small);
  ASSERT_TRUE(halved.has_value());
  ASSERT_EQ(halved->size, small);
  // Each pixel is the mean of the four it covers.
  for (int y : {0, 77, 179}) {
    for (int x : {0, 161, 319}) {
      const uint8_t* at = view.y + 2 * y * view.stride_y + 2 * x;
      const int mean = (at[0] + at[1] + at[view.stride_y] + at[view.stride_y + 1] + 2) / 4;
      EXPECT_NEAR(halved->y[y * halved->stride_y + x], mean, 1);
    }
  }
}

TEST(FrameConverterTest, RefusesLayoutsThatLeaveTheBytes) {
  std::vector<uint8_t> bytes(TightFrameBytes(PixelFormat::kI420, kSize), 90);
  FrameConverter converter;
  const PlaneLayout outside[][3] = {
      {{1, 66}, {66 * 38, 33}, {66 * 38 + 33 * 19 + 1, 33}},  // one byte too far
      {{0, 65}, {66 * 38, 33}, {66 * 38, 33}},                // rows overlap
      {{0xffffffffu, 66}, {0, 33}, {0, 33}},
      {{0, 0xffffffffu}, {0, 33}, {0, 33}},
  };
  for (const auto& layout : outside) {
    auto picture = converter.Convert(bytes, PixelFormat::kI420, kSize, layout, kSize);
    ASSERT_FALSE(picture.has_value());
    EXPECT_EQ(picture.error().code, ErrorCode::kInvalidArgument);
  }
  bytes.pop_back();
  EXPECT_FALSE(converter.Convert(bytes, PixelFormat::kI420, kSize, {}, kSize).has_value());
}

TEST(FrameConverterTest, RefusesImpossibleSizes) {
  std::vector<uint8_t> bytes(64);
  FrameConverter converter;
  for (const VideoSize size : {VideoSize{0, 4}, VideoSize{4, -1}, VideoSize{5000, 4}}) {
    EXPECT_FALSE(converter.Convert(bytes, PixelFormat::kRGBA, size, {}, {4, 4}).has_value());
    EXPECT_FALSE(converter.Convert(bytes, PixelFormat::kRGBA, {4, 4}, {}, size).has_value());
  }
}

}  // namespace
}  // namespace ferry
