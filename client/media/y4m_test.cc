#include "client/media/y4m.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/files.h"
#include "core/video/codec/testing/synthetic_clip.h"

namespace ferry::client {
namespace {

using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Texts;

std::string Refusal(const std::string& bytes) {
  const auto reader = Y4mReader::Open(Bytes(bytes));
  return reader ? "taken" : reader.error().message;
}

TEST(Y4m, PicturesComeBackAndBeginAnew) {
  const testing::TemporaryFolder folder;
  const VideoSize size = {34, 18};
  const ferry::testing::SyntheticClip clip(size);
  std::vector<uint64_t> hashes;
  {
    auto writer = Y4mWriter::Create(folder / "x", size, 25);
    ASSERT_TRUE(writer);
    I420Buffer picture;
    for (int i = 0; i < 3; ++i) {
      clip.Draw(i, picture);
      hashes.push_back(ferry::testing::HashPicture(picture.view()));
      writer->Write(picture.view());
    }
    EXPECT_TRUE(writer->Finish());
  }
  auto reader = Y4mReader::Open(Bytes(folder.Read("x")));
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->size(), size);
  EXPECT_EQ(reader->fps(), 25);
  I420Buffer picture;
  for (int round = 0; round < 2; ++round, reader->Rewind()) {
    for (const uint64_t hash : hashes) {
      ASSERT_TRUE(reader->Read(picture));
      EXPECT_EQ(ferry::testing::HashPicture(picture.view()), hash);
    }
    EXPECT_FALSE(reader->Read(picture));
  }
  EXPECT_THAT(Texts(reader->notes().Take()), IsEmpty());
}

TEST(Y4m, RefusesWithTheReasonAndWhatToDo) {
  const auto header = [](const std::string& words) { return "YUV4MPEG2 " + words + "\nFRAME\n"; };
  EXPECT_THAT(Refusal(""), HasSubstr("YUV4MPEG2"));
  EXPECT_THAT(Refusal("RIFF"), HasSubstr("YUV4MPEG2"));
  EXPECT_THAT(Refusal("YUV4MPEG2 W2 H2 F30:1"), HasSubstr("YUV4MPEG2")) << "no end of the line";
  EXPECT_THAT(Refusal(header("W2 H2")), HasSubstr("frame rate is told as 0:0"));
  EXPECT_THAT(Refusal(header("W2 H2 F30:0")), HasSubstr("30:0"));
  EXPECT_THAT(Refusal(header("W2 H2 F300:1")), HasSubstr("300, not 1 to 120"));
  EXPECT_THAT(Refusal(header("W2 H2 F1:2")), HasSubstr("-r 30"));
  EXPECT_THAT(Refusal(header("W0 H2 F30:1")), HasSubstr("width and height"));
  EXPECT_THAT(Refusal(header("H2 F30:1")), HasSubstr("width and height"));
  EXPECT_THAT(Refusal(header("W9999 H2 F30:1")), HasSubstr("9999x2 pixels, more than 4096x4096"));
  EXPECT_THAT(Refusal(header("W2x H2 F30:1")), HasSubstr("W2x"));
}

TEST(Y4m, TakesEveryColourSpaceOfFourTwoZeroAndNoOther) {
  const auto with = [](const std::string& word) {
    return Refusal("YUV4MPEG2 W2 H2 F30:1 " + word + "\nFRAME\n");
  };
  for (const char* word :
       {"", "C420", "C420jpeg", "C420mpeg2", "C420paldv", "Ip", "I?", "A1:1", "Xanything"}) {
    EXPECT_EQ(with(word), "taken") << word;
  }
  for (const char* word :
       {"C444", "C422", "C411", "Cmono", "C444alpha", "C420p10", "C420p16", "C420x", "C"}) {
    EXPECT_THAT(with(word), HasSubstr(word)) << word;
    EXPECT_THAT(with(word), HasSubstr("ffmpeg -i x -pix_fmt yuv420p")) << word;
  }
  for (const char* word : {"It", "Ib", "Im"}) EXPECT_THAT(with(word), HasSubstr("yadif")) << word;
}

TEST(Y4m, AFileWithoutPicturesIsRefused) {
  EXPECT_THAT(Refusal("YUV4MPEG2 W2 H2 F30:1\n"),
              HasSubstr("no picture in it, it ends after its header at byte 22"));
}

TEST(Y4m, WhatIsDamagedOrCutShortIsToldWithItsPlace) {
  const std::string header = "YUV4MPEG2 W2 H2 F30:1\n";  // 22 bytes
  const std::string frame = "FRAME Ip\n123456";          // 15
  I420Buffer picture;
  {
    auto reader = Y4mReader::Open(Bytes(header + frame + "FRAME\n123"));
    ASSERT_TRUE(reader);
    EXPECT_TRUE(reader->Read(picture));
    EXPECT_FALSE(reader->Read(picture));
    EXPECT_THAT(
        Texts(reader->notes().Take()),
        ElementsAre("!x: it ends at byte 46 within picture 2, of which it has 3 of 6 bytes"));
    reader->Rewind();
    EXPECT_TRUE(reader->Read(picture));
    EXPECT_FALSE(reader->Read(picture));
    EXPECT_THAT(reader->notes().Take(), IsEmpty()) << "once";
  }
  for (const char* instead : {"FRAMF\n123456", "FRA", "\n"}) {
    auto reader = Y4mReader::Open(Bytes(header + frame + instead + frame));
    ASSERT_TRUE(reader);
    EXPECT_TRUE(reader->Read(picture));
    EXPECT_FALSE(reader->Read(picture));
    EXPECT_THAT(Texts(reader->notes().Take()),
                ElementsAre(HasSubstr("at byte 37 FRAME of picture 2")))
        << instead;
  }
}

TEST(Y4m, IsReadFromAPipe) {
  const testing::TemporaryFolder folder;
  const testing::Fifo fifo(folder / "pipe", "YUV4MPEG2 W2 H2 F30:1\nFRAME\n123456FRAME\nabcdef");
  auto file = InputFile::Open(folder / "pipe");
  ASSERT_TRUE(file);
  auto reader = Y4mReader::Open(std::move(*file));
  ASSERT_TRUE(reader);
  EXPECT_FALSE(reader->rewindable());
  I420Buffer picture;
  EXPECT_TRUE(reader->Read(picture));
  EXPECT_TRUE(reader->Read(picture));
  EXPECT_EQ(picture.y()[0], 'a');
  EXPECT_FALSE(reader->Read(picture));
  EXPECT_THAT(reader->notes().Take(), IsEmpty());
}

}  // namespace
}  // namespace ferry::client
