// Y4M, WAV and IVF files: what is written is read, and what is cut short or foreign is refused.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "client/media/ivf.h"
#include "client/media/wav.h"
#include "client/media/y4m.h"
#include "core/video/codec/testing/synthetic_clip.h"

namespace ferry::client {
namespace {

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path = std::filesystem::temp_directory_path() /
           ("ferry-" + std::string(test->name()) + std::to_string(std::random_device()()));
  }
  ~FilesTest() override { std::filesystem::remove(path); }

  void Write(const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }
  std::string Read() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path path;
};

TEST_F(FilesTest, Y4mPicturesComeBackAndBeginAnewAtTheEnd) {
  const VideoSize size = {34, 18};
  const ferry::testing::SyntheticClip clip(size);
  std::vector<uint64_t> hashes;
  {
    auto writer = Y4mWriter::Create(path, size, 25);
    ASSERT_TRUE(writer);
    I420Buffer picture;
    for (int i = 0; i < 3; ++i) {
      clip.Draw(i, picture);
      hashes.push_back(ferry::testing::HashPicture(picture.view()));
      writer->Write(picture.view());
    }
  }
  auto reader = Y4mReader::Open(path);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->size(), size);
  EXPECT_EQ(reader->fps(), 25);
  I420Buffer picture;
  for (int round = 0; round < 2; ++round) {
    for (const uint64_t hash : hashes) {
      ASSERT_TRUE(reader->Read(picture));
      EXPECT_EQ(ferry::testing::HashPicture(picture.view()), hash);
    }
    EXPECT_FALSE(reader->Read(picture));
  }
}

TEST_F(FilesTest, Y4mRefusesWhatItCannotRead) {
  for (const char* header :
       {"", "RIFF", "YUV4MPEG2 W2 H2\n", "YUV4MPEG2 W0 H2 F30:1\n", "YUV4MPEG2 W9999 H2 F30:1\n",
        "YUV4MPEG2 W2 H2 F30:0\n", "YUV4MPEG2 W2 H2 F30:1 C444\n",
        "YUV4MPEG2 W2 H2 F30:1 C420p10\n", "YUV4MPEG2 W2x H2 F30:1\n", "YUV4MPEG2 W2 H2 F30:1"}) {
    Write(header);
    EXPECT_FALSE(Y4mReader::Open(path)) << header;
  }
}

TEST_F(FilesTest, WavSamplesComeBack) {
  std::vector<float> written(960);
  for (size_t i = 0; i < written.size(); ++i) {
    written[i] = 0.5f * std::sin(static_cast<float>(i) / 10);
  }
  {
    auto writer = WavWriter::Create(path, 2);
    ASSERT_TRUE(writer);
    writer->Write(written);
    writer->Finish();
  }
  auto reader = WavReader::Open(path);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->channels(), 2);
  std::vector<float> read(written.size());
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(reader->Read(read));
    for (size_t i = 0; i < read.size(); ++i) ASSERT_NEAR(read[i], written[i], 1e-4) << i;
    EXPECT_FALSE(reader->Read(read));
  }
}

TEST_F(FilesTest, WavRefusesEveryCutHeader) {
  {
    auto writer = WavWriter::Create(path, 1);
    ASSERT_TRUE(writer);
    writer->Finish();
  }
  const std::string whole = Read();
  for (size_t size = 0; size < whole.size(); ++size) {
    Write(whole.substr(0, size));
    EXPECT_FALSE(WavReader::Open(path)) << size;
  }
}

TEST_F(FilesTest, WavRefusesOtherSampleRates) {
  {
    auto writer = WavWriter::Create(path, 1);
    ASSERT_TRUE(writer);
    writer->Finish();
  }
  std::string bytes = Read();
  bytes[24] = 0x44;  // 44 100
  bytes[25] = static_cast<char>(0xAC);
  Write(bytes);
  const auto opened = WavReader::Open(path);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("48 kHz"), std::string::npos);
}

std::string IvfHeader(const char* codec, char frames_per_second) {
  std::string bytes = "DKIF";
  bytes += std::string({0, 0, 32, 0});
  bytes += codec;
  bytes += std::string({64, 1, static_cast<char>(180), 0, frames_per_second, 0, 0, 0, 1, 0, 0, 0});
  return bytes + std::string(8, '\0');
}
std::string IvfFrame(const std::string& data) {
  return std::string({static_cast<char>(data.size()), 0, 0, 0}) + std::string(8, '\0') + data;
}

TEST_F(FilesTest, IvfFramesComeInOrderAndAnew) {
  Write(IvfHeader("VP80", 30) + IvfFrame("one") + IvfFrame("three"));
  auto reader = IvfReader::Open(path);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->size(), (VideoSize{320, 180}));
  EXPECT_EQ(reader->fps(), 30);
  std::vector<uint8_t> frame;
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(reader->Read(frame));
    EXPECT_EQ(std::string(frame.begin(), frame.end()), "one");
    ASSERT_TRUE(reader->Read(frame));
    EXPECT_EQ(std::string(frame.begin(), frame.end()), "three");
    EXPECT_FALSE(reader->Read(frame));
  }
}

TEST_F(FilesTest, IvfEndsAtAFrameThatIsCutShort) {
  const std::string whole = IvfHeader("VP80", 30) + IvfFrame("data");
  for (size_t size = 32; size < whole.size(); ++size) {
    Write(whole.substr(0, size));
    auto reader = IvfReader::Open(path);
    ASSERT_TRUE(reader) << size;
    std::vector<uint8_t> frame;
    EXPECT_FALSE(reader->Read(frame)) << size;
  }
}

TEST_F(FilesTest, IvfRefusesOtherCodecsAndCutHeaders) {
  Write(IvfHeader("VP90", 30));
  EXPECT_FALSE(IvfReader::Open(path));
  Write(IvfHeader("VP80", 0));
  EXPECT_FALSE(IvfReader::Open(path));
  const std::string whole = IvfHeader("VP80", 30);
  for (size_t size = 0; size < whole.size(); ++size) {
    Write(whole.substr(0, size));
    EXPECT_FALSE(IvfReader::Open(path)) << size;
  }
}

}  // namespace
}  // namespace ferry::client
