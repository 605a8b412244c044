#include "client/media/open_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/files.h"
#include "client/testing/ivf.h"
#include "client/testing/ogg.h"

namespace ferry::client {
namespace {

using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IvfFrameOf;
using testing::IvfHeader;
using testing::LittleBytes;
using testing::Vp8Key;

constexpr DataRate kRate = DataRate::KilobitsPerSec(600);
const VideoSettings kSettings = {.bitrate = kRate, .small_bitrate = DataRate::KilobitsPerSec(150)};

std::string Y4m(int width, int height) {
  const auto pixels = static_cast<size_t>(width * height);
  return "YUV4MPEG2 W" + std::to_string(width) + " H" + std::to_string(height) + " F30:1\nFRAME\n" +
         std::string(pixels + 2 * ((pixels + 3) / 4), 'x');
}
const std::string kWav = "RIFF" + LittleBytes(38, 4) + "WAVEfmt " + LittleBytes(16, 4) +
                         LittleBytes(1, 2) + LittleBytes(1, 2) + LittleBytes(48'000, 4) +
                         LittleBytes(96'000, 4) + LittleBytes(2, 2) + LittleBytes(16, 2) + "data" +
                         LittleBytes(2, 4) + "xx";

std::string VideoRefusal(const std::string& bytes, const VideoSettings& settings = kSettings) {
  const auto track = OpenVideo(Bytes(bytes), settings);
  return track ? "taken" : track.error().message;
}
std::string AudioRefusal(const std::string& bytes) {
  const auto track = OpenAudio(Bytes(bytes), kRate, false);
  return track ? "taken" : track.error().message;
}
std::vector<Encoding> Encodings(const std::string& bytes,
                                const VideoSettings& settings = kSettings) {
  const auto track = OpenVideo(Bytes(bytes), settings);
  EXPECT_TRUE(track) << track.error().message;
  return track ? track->encodings() : std::vector<Encoding>{};
}

TEST(OpenFile, TakesFilesForWhatIsInThem) {
  EXPECT_EQ(VideoRefusal(Y4m(16, 16)), "taken");
  EXPECT_EQ(VideoRefusal(IvfHeader() + IvfFrameOf(0, Vp8Key())), "taken");
  EXPECT_EQ(AudioRefusal(kWav), "taken");
  const std::string ogg = testing::OggFile({testing::OpusPacketOf("x")});
  EXPECT_EQ(AudioRefusal(ogg), "taken");
  EXPECT_EQ(AudioRefusal(std::string(80, 'x') + ogg), "taken");
}

TEST(OpenFile, RefusesOthersByTheirNameAndSaysWhatToDo) {
  EXPECT_EQ(VideoRefusal("????ftypisom"),
            "x: it is an MP4 or QuickTime file, not Y4M or IVF; make one: ffmpeg -i x -c:v libvpx "
            "-b:v 1M OUT.ivf");
  EXPECT_THAT(VideoRefusal(kWav),
              HasSubstr("it is a WAV file, not Y4M or IVF: give it as --audio"));
  EXPECT_THAT(VideoRefusal(""), ::testing::EndsWith("it is empty, not Y4M or IVF"));
  EXPECT_EQ(AudioRefusal("fLaC"),
            "x: it is a FLAC file, not WAV or Ogg Opus; make one: ffmpeg -i x -ar 48000 -ac 2 -c:a "
            "pcm_s16le OUT.wav");
  EXPECT_THAT(AudioRefusal(Y4m(16, 16)),
              HasSubstr("it is a Y4M file, not WAV or Ogg Opus: give it as --video"));
  EXPECT_THAT(AudioRefusal("what is this"), HasSubstr("of a kind that is not known"));
}

TEST(OpenFile, EncodedFramesArePublishedWithABitrateThatTheyKeepTo) {
  EXPECT_THAT(Encodings(IvfHeader() + IvfFrameOf(0, Vp8Key(std::string(990, 'x')))),
              ElementsAre(Encoding{320, 180, 8'000}));
}

TEST(OpenFile, ASmallEncodingIsThereWhereThePictureIsLarger) {
  EXPECT_THAT(Encodings(Y4m(640, 480)),
              ElementsAre(Encoding{640, 480, 600'000}, Encoding{240, 180, 150'000}));
  EXPECT_THAT(Encodings(Y4m(360, 640)),
              ElementsAre(Encoding{360, 640, 600'000}, Encoding{180, 320, 150'000}));
  EXPECT_THAT(Encodings(Y4m(160, 90)), ElementsAre(Encoding{160, 90, 600'000}));
  VideoSettings one = kSettings;
  one.small_bitrate = {};
  EXPECT_THAT(Encodings(Y4m(640, 480), one), ElementsAre(Encoding{640, 480, 600'000}));
}

TEST(OpenFile, ASmallSizeThatWasAskedForAndIsNoneIsRefusedInWords) {
  VideoSettings given = kSettings;
  given.small_box_given = true;
  EXPECT_EQ(VideoRefusal(Y4m(640, 480), given), "taken");
  EXPECT_THAT(
      VideoRefusal(Y4m(160, 90), given),
      HasSubstr("--small-size 320 180 is no smaller than the pictures, which are of 160x90"));
}

TEST(OpenFile, APipeCannotLoop) {
  const testing::TemporaryFolder folder;
  for (const bool loop : {false, true}) {
    const std::string path = folder / (loop ? "loop" : "once");
    const testing::Fifo fifo(path, kWav);
    auto file = InputFile::Open(path);
    ASSERT_TRUE(file);
    const auto track = OpenAudio(std::move(*file), kRate, loop);
    EXPECT_EQ(track.has_value(), !loop);
    if (loop)
      EXPECT_THAT(track.error().message, HasSubstr("--loop needs a file that can be begun anew"));
  }
}

TEST(OpenFile, EncodedFramesFromAPipeAreOfNoKnownBitrate) {
  const testing::TemporaryFolder folder;
  const testing::Fifo fifo(folder / "pipe", IvfHeader() + IvfFrameOf(0, Vp8Key()));
  auto file = InputFile::Open(folder / "pipe");
  ASSERT_TRUE(file);
  const auto track = OpenVideo(std::move(*file), kSettings);
  ASSERT_TRUE(track) << track.error().message;
  EXPECT_THAT(track->encodings(), IsEmpty()) << "rather than of a wrong one";
}

TEST(OpenFile, PacketsFromAPipeAreEncodedAnew) {
  const testing::TemporaryFolder folder;
  const testing::Fifo fifo(folder / "pipe", testing::OggFile({testing::OpusPacketOf("x")}));
  auto file = InputFile::Open(folder / "pipe");
  ASSERT_TRUE(file);
  const auto track = OpenAudio(std::move(*file), kRate, false);
  ASSERT_TRUE(track) << track.error().message;
  EXPECT_FALSE(track->as_it_is());
}

TEST(OpenFile, SaysWhyThereIsNone) {
  const auto file = InputFile::Open("/nowhere/x");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message, "cannot read /nowhere/x: No such file or directory");
}

}  // namespace
}  // namespace ferry::client
