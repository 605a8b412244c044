#include "client/media/ogg_opus.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <random>

#include "client/testing/ogg.h"
#include "core/audio/opus_encoder.h"

namespace ferry::client {
namespace {

using testing::kOggTags;
using testing::OggHead;
using testing::OggPage;

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
  Write(OggPage({OggHead(1)}) + OggPage({kOggTags}) +
        OggPage({"one", longer.substr(0, 510)}, true) + OggPage({longer.substr(510), "three"}));
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
  Write(OggPage({OggHead(1, 3)}) + OggPage({kOggTags}) + OggPage(packets));  // 768 samples of start
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
  const std::string headers = OggPage({OggHead(2)}) + OggPage({kOggTags});
  for (size_t size = 0; size < headers.size(); ++size) {
    Write(headers.substr(0, size));
    EXPECT_FALSE(OggOpusReader::Open(path)) << size;
  }
  Write(headers);
  EXPECT_TRUE(OggOpusReader::Open(path));
  Write(OggPage({OggHead(3)}) + OggPage({kOggTags}));
  EXPECT_FALSE(OggOpusReader::Open(path));
  Write(OggPage({"\x01vorbis" + std::string(30, '\0')}) + OggPage({kOggTags}));
  EXPECT_FALSE(OggOpusReader::Open(path));
}

}  // namespace
}  // namespace ferry::client
