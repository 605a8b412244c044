#include "client/media/file_type.h"

#include <gtest/gtest.h>

#include "client/testing/files.h"

namespace ferry::client {
namespace {

FileFacts Of(const std::string& bytes) {
  InputFile file = testing::Bytes(bytes);
  const FileFacts facts = TypeOf(file);
  EXPECT_EQ(file.position(), 0u);
  std::string again(bytes.size(), '\0');
  EXPECT_EQ(file.Read({reinterpret_cast<uint8_t*>(again.data()), again.size()}), bytes.size());
  EXPECT_EQ(again, bytes) << "all stays to be read";
  return facts;
}

TEST(FileType, IsWhatIsInTheFile) {
  EXPECT_EQ(Of("YUV4MPEG2 W2").type, FileType::kY4m);
  EXPECT_EQ(Of("DKIF").type, FileType::kIvf);
  EXPECT_EQ(Of("RIFF????WAVEfmt ").type, FileType::kWav);
  EXPECT_EQ(Of("OggS").type, FileType::kOgg);
  EXPECT_EQ(Of(std::string(80, 'x') + "OggS").type, FileType::kOgg) << "further on";
}

TEST(FileType, WhatIsNotReadIsNamed) {
  const auto name = [](const std::string& bytes) {
    const FileFacts facts = Of(bytes);
    EXPECT_EQ(facts.type, FileType::kOther) << bytes;
    return facts.name;
  };
  EXPECT_EQ(name(""), "empty");
  EXPECT_EQ(name("RIFF????AVI "), "an AVI file");
  EXPECT_EQ(name("????ftypisom"), "an MP4 or QuickTime file");
  EXPECT_EQ(name("\x1A\x45\xDF\xA3"), "a WebM or Matroska file");
  EXPECT_EQ(name("fLaC"), "a FLAC file");
  EXPECT_EQ(name("ID3"), "an MP3 file");
  EXPECT_EQ(name("RF64????WAVE"), "an RF64 file, WAV of more than 4 GB");
  EXPECT_EQ(name("RIFX????WAVE"), "an RIFX file, WAV of the other byte order");
  EXPECT_EQ(name("????????WAVE"), "of a kind that is not known");
  EXPECT_EQ(name("RIFF"), "of a kind that is not known");
  EXPECT_EQ(name("x"), "of a kind that is not known");
}

}  // namespace
}  // namespace ferry::client
