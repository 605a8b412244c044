#include "client/media/ogg_opus.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <random>

#include "core/audio/opus_encoder.h"

namespace ferry::client {
namespace {

// A page that ends its packets, but for the last when `open`.
std::string Page(const std::vector<std::string>& packets, bool open = false) {
  std::string lacing, body;
  for (size_t i = 0; i < packets.size(); ++i) {
    lacing += std::string(packets[i].size() / 255, '\xFF');
    if (!open || i + 1 < packets.size()) lacing += static_cast<char>(packets[i].size() % 255);
    body += packets[i];
  }
  return "OggS" + std::string(22, '\0') + static_cast<char>(lacing.size()) + lacing + body;
}

std::string Head(char channels, char pre_skip_high = 0) {
  return std::string("OpusHead\x01") + channels + std::string({0, pre_skip_high}) +
         std::string(7, '\0');
}
const std::string kTags = "OpusTags" + std::string(8, '\0');

class OggOpusTest : public ::testing::Test {
 protected:
  ~OggOpusTest() override { std::filesystem::remove(path); }
  void Write(const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     ("ferry-ogg-" + std::to_string(std::random_device()()));
};

TEST_F(OggOpusTest, PacketsComeWholeAcrossPagesAndAnew) {
  const std::string longer(700, 'x');
  Write(Page({Head(1)}) + Page({kTags}) + Page({"one", longer.substr(0, 510)}, true) +
        Page({longer.substr(510), "three"}));
  auto reader = OggOpusReader::Open(path);
  ASSERT_TRUE(reader) << reader.error().message;
  for (int round = 0; round < 2; ++round) {
    std::vector<uint8_t> packet;
    for (const std::string& wanted : {std::string("one"), longer, std::string("three")}) {
      ASSERT_TRUE(reader->ReadPacket(packet));
      EXPECT_EQ(std::string(packet.begin(), packet.end()), wanted);
    }
    EXPECT_FALSE(reader->ReadPacket(packet));
  }
}

TEST_F(OggOpusTest, SoundComesBackWithoutTheDecodersStart) {
  auto encoder = OpusEncoder::Create({.channels = 1});
  ASSERT_TRUE(encoder);
  std::vector<std::string> packets;
  for (int i = 0; i < 20; ++i) {
    std::array<float, kOpusFrameSamples> pcm;
    for (size_t s = 0; s < pcm.size(); ++s) {
      pcm[s] = 0.5f * static_cast<float>(std::sin(0.05 * static_cast<double>(i * 960) +
                                                  0.05 * static_cast<double>(s)));
    }
    std::array<uint8_t, kMaxOpusPacketBytes> bytes;
    const auto size = encoder->Encode(pcm, bytes);
    ASSERT_TRUE(size);
    packets.emplace_back(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(*size));
  }
  Write(Page({Head(1, 3)}) + Page({kTags}) + Page(packets));  // 768 samples of start
  auto reader = OggOpusReader::Open(path);
  ASSERT_TRUE(reader) << reader.error().message;
  std::array<float, 480> block;
  size_t blocks = 0;
  double energy = 0;
  for (; reader->Read(block); ++blocks) {
    for (const float sample : block) energy += sample * sample;
  }
  EXPECT_EQ(blocks, (20 * 960 - 768) / 480u);
  EXPECT_NEAR(energy / static_cast<double>(blocks * 480), 0.125, 0.03);
}

TEST_F(OggOpusTest, RefusesEveryCutHeaderAndOtherFiles) {
  const std::string headers = Page({Head(2)}) + Page({kTags});
  for (size_t size = 0; size < headers.size(); ++size) {
    Write(headers.substr(0, size));
    EXPECT_FALSE(OggOpusReader::Open(path)) << size;
  }
  Write(headers);
  EXPECT_TRUE(OggOpusReader::Open(path));
  Write(Page({Head(3)}) + Page({kTags}));
  EXPECT_FALSE(OggOpusReader::Open(path));
  Write(Page({"\x01vorbis" + std::string(30, '\0')}) + Page({kTags}));
  EXPECT_FALSE(OggOpusReader::Open(path));
}

}  // namespace
}  // namespace ferry::client
