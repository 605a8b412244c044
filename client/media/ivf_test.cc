#include "client/media/ivf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/files.h"
#include "client/testing/ivf.h"

namespace ferry::client {
namespace {

using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IvfFrameOf;
using testing::IvfHeader;
using testing::LittleBytes;
using testing::Texts;
using testing::Vp8Delta;
using testing::Vp8Key;

std::string Refusal(const std::string& bytes) {
  const auto reader = IvfReader::Open(Bytes(bytes));
  return reader ? "taken" : reader.error().message;
}
std::vector<uint64_t> Timestamps(IvfReader& reader) {
  std::vector<uint64_t> timestamps;
  for (IvfFrame frame; reader.Read(frame);) timestamps.push_back(frame.timestamp);
  return timestamps;
}

TEST(Ivf, FramesComeInOrderAndAnew) {
  auto reader = IvfReader::Open(
      Bytes(IvfHeader() + IvfFrameOf(0, Vp8Key("one")) + IvfFrameOf(1, Vp8Delta("two"))));
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->size(), (VideoSize{320, 180}));
  for (int round = 0; round < 2; ++round, reader->Rewind()) {
    IvfFrame frame;
    ASSERT_TRUE(reader->Read(frame));
    EXPECT_EQ(std::string(frame.data.begin(), frame.data.end()), Vp8Key("one"));
    EXPECT_TRUE(frame.keyframe);
    ASSERT_TRUE(reader->Read(frame));
    EXPECT_EQ(std::string(frame.data.begin(), frame.data.end()), Vp8Delta("two"));
    EXPECT_FALSE(frame.keyframe);
    EXPECT_EQ(frame.timestamp, 1u);
    EXPECT_FALSE(reader->Read(frame));
  }
  EXPECT_THAT(reader->notes().Take(), IsEmpty());
}

TEST(Ivf, TimestampsAreOfTheFilesOwnClock) {
  const auto interval = [](uint32_t rate, uint32_t scale, uint64_t from, uint64_t to) {
    auto reader = IvfReader::Open(Bytes(IvfHeader(rate, scale) + IvfFrameOf(from, Vp8Key())));
    EXPECT_TRUE(reader);
    return reader ? reader->Interval(from, to).us() : 0;
  };
  EXPECT_EQ(interval(30, 1, 4, 6), 66'667) << "15 frames a second in a file of 30";
  EXPECT_EQ(interval(1000, 1, 7, 40), 33'000) << "as of WebM";
  EXPECT_EQ(interval(30'000, 1001, 0, 1), 33'367);
  EXPECT_EQ(interval(1, 10, 0, 3), 30'000'000) << "a picture every ten seconds";
  // Without sense, the usual.
  EXPECT_EQ(interval(25, 1, 5, 5), 40'000);
  EXPECT_EQ(interval(25, 1, 5, 4), 40'000);
  EXPECT_EQ(interval(1000, 1, 0, uint64_t{1} << 60), 33'333);
  EXPECT_EQ(interval(4'000'000'000, 1, 0, 1), 33'333);
}

TEST(Ivf, ItsBitrateIsTheMostOfASecond) {
  // Two seconds of 1 000 bytes in ten frames each, then one with twice as many.
  std::string file = IvfHeader(10, 1);
  for (uint64_t i = 0; i < 30; ++i) {
    const size_t bytes = i < 20 ? 100 : 200;
    const std::string frame = i == 0 ? Vp8Key() : Vp8Delta();
    file += IvfFrameOf(i, frame + std::string(bytes - frame.size(), 'x'));
  }
  const auto reader = IvfReader::Open(Bytes(file));
  ASSERT_TRUE(reader);
  ASSERT_TRUE(reader->peak_bitrate());
  EXPECT_EQ(reader->peak_bitrate()->bps(), 16'000);
  const auto least = IvfReader::Open(Bytes(IvfHeader() + IvfFrameOf(0, Vp8Key())));
  ASSERT_TRUE(least);
  EXPECT_EQ(least->peak_bitrate()->bps(), 1'000) << "what the protocol asks for at least";
}

TEST(Ivf, ItsSizeIsThatOfItsPictures) {
  const auto reader =
      IvfReader::Open(Bytes(IvfHeader(30, 1, "VP80", 16, 16) + IvfFrameOf(0, Vp8Key("", 64, 48))));
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->size(), (VideoSize{64, 48}));
}

TEST(Ivf, AFrameOfNoBytesIsPassedOver) {
  auto reader = IvfReader::Open(Bytes(IvfHeader() + IvfFrameOf(0, Vp8Key()) + IvfFrameOf(1, "") +
                                      IvfFrameOf(2, "") + IvfFrameOf(3, Vp8Delta())));
  ASSERT_TRUE(reader);
  EXPECT_THAT(Timestamps(*reader), ElementsAre(0, 3));
  EXPECT_THAT(Texts(reader->notes().Take()),
              ElementsAre("x: the frame at byte 54 has 0 bytes: the picture before it stays",
                          "x: the frame at byte 66 has 0 bytes: the picture before it stays"))
      << "not damage";
}

TEST(Ivf, WhatIsDamagedOrCutShortIsToldWithItsPlace) {
  const std::string begin = IvfHeader() + IvfFrameOf(0, Vp8Key());  // 54 bytes
  const auto notes = [&](const std::string& more) {
    auto reader = IvfReader::Open(Bytes(begin + more));
    EXPECT_TRUE(reader);
    EXPECT_THAT(Timestamps(*reader), ElementsAre(0));
    return Texts(reader->notes().Take());
  };
  EXPECT_THAT(
      notes("abc"),
      ElementsAre("!x: it ends at byte 57, within the header of a frame that begins at byte 54"));
  EXPECT_THAT(
      notes(IvfFrameOf(1, "frame").substr(0, 15)),
      ElementsAre("!x: it ends at byte 69, within a frame that begins at byte 54, of which it "
                  "has 3 of 5 bytes"));
  EXPECT_THAT(notes(LittleBytes(UINT32_MAX, 4) + std::string(8, 'x')),
              ElementsAre(HasSubstr("!x: at byte 54 it tells of a frame of 4294967295 bytes")));
  EXPECT_THAT(notes(IvfFrameOf(1, std::string("\x10 no start code", 15))),
              ElementsAre("!x: the frame at byte 54 is no VP8 frame: left out"));
}

TEST(Ivf, RefusesWithTheReason) {
  const std::string frame = IvfFrameOf(0, Vp8Key());
  EXPECT_EQ(Refusal(IvfHeader() + frame), "taken");
  EXPECT_THAT(Refusal(IvfHeader(30, 1, "VP90") + frame),
              HasSubstr("VP9, not VP8; make it over: ffmpeg"));
  EXPECT_THAT(Refusal(IvfHeader(30, 1, "AV01") + frame), HasSubstr("AV1"));
  EXPECT_THAT(Refusal(IvfHeader(30, 1, "XYZ0") + frame), HasSubstr("\"XYZ0\""));
  EXPECT_THAT(Refusal(IvfHeader(0, 1) + frame), HasSubstr("0/1 Hz"));
  EXPECT_THAT(Refusal(IvfHeader(30, 0) + frame), HasSubstr("30/0 Hz"));
  EXPECT_THAT(Refusal(IvfHeader(30, 1, "VP80", 0, 9) + frame), HasSubstr("no size"));
  std::string shorter = IvfHeader() + frame;
  shorter[6] = 31;
  EXPECT_THAT(Refusal(shorter), HasSubstr("header of 31 bytes"));
  for (size_t size = 0; size < 32; ++size) {
    EXPECT_NE(Refusal(IvfHeader().substr(0, size)), "taken") << size;
  }
}

TEST(Ivf, AFileWithoutKeyFramesIsRefused) {
  EXPECT_THAT(Refusal(IvfHeader()),
              HasSubstr("no frame in it, it ends after its header at byte 32"));
  EXPECT_THAT(Refusal(IvfHeader() + IvfFrameOf(0, "")), HasSubstr("no VP8 key frame"));
  EXPECT_THAT(Refusal(IvfHeader() + IvfFrameOf(0, Vp8Delta("x"))), HasSubstr("no VP8 key frame"));
  EXPECT_THAT(Refusal(IvfHeader() + IvfFrameOf(0, Vp8Key()).substr(0, 20)),
              HasSubstr("within a frame that begins at byte 32"));
}

TEST(Ivf, IsReadFromAPipe) {
  const testing::TemporaryFolder folder;
  const testing::Fifo fifo(folder / "pipe",
                           IvfHeader() + IvfFrameOf(0, Vp8Key()) + IvfFrameOf(1, Vp8Delta()));
  auto file = InputFile::Open(folder / "pipe");
  ASSERT_TRUE(file);
  auto reader = IvfReader::Open(std::move(*file));
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_FALSE(reader->rewindable());
  EXPECT_FALSE(reader->peak_bitrate()) << "not known before all was read";
  EXPECT_THAT(Timestamps(*reader), ElementsAre(0, 1));
}

}  // namespace
}  // namespace ferry::client
