#include "client/media/picture_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "client/testing/files.h"

namespace ferry::client {
namespace {

I420Buffer Plain(VideoSize size, uint8_t luma) {
  I420Buffer picture(size);
  std::fill(picture.y(), picture.u(), luma);
  std::fill_n(picture.u(), 2 * picture.stride_uv() * size.chroma_height(), uint8_t{90});
  return picture;
}

TEST(PictureFile, ScalesWhatIsOfAnotherSizeThanTheFirst) {
  const testing::TemporaryFolder folder;
  PictureFile file(folder / "x.y4m", 30);
  EXPECT_EQ(file.size(), VideoSize{});
  for (const VideoSize size :
       {VideoSize{64, 36}, VideoSize{320, 180}, VideoSize{36, 64}, VideoSize{33, 35}}) {
    const auto written = file.Write(Plain(size, 200).view());
    ASSERT_TRUE(written) << written.error().message;
  }
  EXPECT_TRUE(file.Finish());
  EXPECT_EQ(file.size(), (VideoSize{64, 36}));
  EXPECT_EQ(file.written(), 4u);
  EXPECT_EQ(file.scaled(), 3u);

  auto reader = Y4mReader::Open(testing::Bytes(folder.Read("x.y4m")));
  ASSERT_TRUE(reader) << reader.error().message;
  I420Buffer picture;
  // Averages of whole blocks round by one.
  const auto bright = [&] {
    return std::count_if(picture.y(), picture.u(), [](uint8_t y) { return y >= 199 && y <= 201; });
  };
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(reader->Read(picture));
    EXPECT_EQ(bright(), 64 * 36) << "of the same shape it fills the whole";
  }
  ASSERT_TRUE(reader->Read(picture));
  EXPECT_EQ(bright(), 20 * 36) << "upright, between bars";
  EXPECT_EQ(picture.y()[0], 16);
  EXPECT_EQ(picture.y()[32], 200);
  EXPECT_EQ(picture.u()[0], 128);
  EXPECT_EQ(picture.u()[16], 90);
  ASSERT_TRUE(reader->Read(picture));
  EXPECT_FALSE(reader->Read(picture));
}

TEST(PictureFile, SaysThatItCannotBeWritten) {
  PictureFile file("/nowhere/x.y4m", 30);
  const auto written = file.Write(Plain({16, 16}, 0).view());
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("/nowhere/x.y4m"), std::string::npos);
}

}  // namespace
}  // namespace ferry::client
