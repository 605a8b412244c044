#include "client/media/ogg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/files.h"
#include "client/testing/ogg.h"

namespace ferry::client {
namespace {

using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::InOrder;
using ::testing::IsEmpty;
using testing::OggStream;
using testing::Texts;

struct Read {
  std::vector<std::string> bodies;
  std::vector<std::string> notes;
};
Read ReadAll(const std::string& bytes) {
  OggPages pages(Bytes(bytes));
  Read read;
  for (OggPage page; pages.Next(page);) {
    read.bodies.emplace_back(page.body.begin(), page.body.end());
  }
  read.notes = Texts(pages.notes().Take());
  return read;
}

TEST(Ogg, ThePagesOfOthersAreRead) {
  // The first page of a file of opus-tools.
  const std::string page(
      "OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x1c\x9f\xf5\xd9"
      "\x01"
      "\x13OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00",
      47);
  const Read read = ReadAll(page);
  EXPECT_THAT(read.bodies, ElementsAre(page.substr(28)));
  EXPECT_THAT(read.notes, IsEmpty());
}

TEST(Ogg, PagesTellWhatTheyAre) {
  OggStream stream(0x01020304);
  const std::string file = InOrder(
      {stream.Page({"a"}), stream.Page({"bc", std::string(255, 'd')}, {.granule = 5, .open = true}),
       stream.Page({"e"}, {.granule = 1234567890123, .last = true})});
  OggPages pages(Bytes(file));
  OggPage page;
  ASSERT_TRUE(pages.Next(page));
  EXPECT_EQ(page.serial, 0x01020304u);
  EXPECT_EQ(page.granule, -1);
  EXPECT_TRUE(page.begins && !page.continued && !page.ends);
  ASSERT_TRUE(pages.Next(page));
  EXPECT_EQ(page.sequence, 1u);
  EXPECT_EQ(page.offset, 29u);
  EXPECT_THAT(page.lacing, ElementsAre(2, 255));
  EXPECT_TRUE(!page.begins && !page.continued && !page.ends);
  ASSERT_TRUE(pages.Next(page));
  EXPECT_TRUE(!page.begins && page.continued && page.ends);
  EXPECT_EQ(page.granule, 1234567890123);
  EXPECT_FALSE(pages.Next(page));
  pages.Rewind();
  EXPECT_TRUE(pages.Next(page));
  EXPECT_THAT(pages.notes().Take(), IsEmpty());
}

TEST(Ogg, FindsBackAfterJunk) {
  OggStream stream;
  const std::string one = stream.Page({"one"}), two = stream.Page({"two"});
  for (const std::string& junk :
       {std::string(80, 'x'), std::string("OggS"), std::string(80'000, 'O'),
        "OggS" + std::string(23, '\xFF'), one.substr(0, 30)}) {
    const Read read = ReadAll(one + junk + two);
    EXPECT_THAT(read.bodies, ElementsAre("one", "two"));
    EXPECT_THAT(read.notes, ElementsAre("!x: " + std::to_string(junk.size()) + " bytes at byte " +
                                        std::to_string(one.size()) +
                                        " are no whole Ogg page: damaged, left out"));
  }
  EXPECT_THAT(ReadAll("junk" + one).bodies, ElementsAre("one"));
}

TEST(Ogg, APageWithAnyByteChangedIsLeftOut) {
  OggStream stream;
  const std::string one = stream.Page({"one"}), two = stream.Page({"two"});
  for (size_t i = 0; i < one.size(); ++i) {
    std::string damaged = one;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    const Read read = ReadAll(damaged + two);
    EXPECT_THAT(read.bodies, ElementsAre("two")) << i;
    EXPECT_THAT(read.notes, ElementsAre(HasSubstr("31 bytes at byte 0 are no whole"))) << i;
  }
}

TEST(Ogg, EveryCutIsTold) {
  OggStream stream;
  const std::string one = stream.Page({"one"}), two = stream.Page({"two"});
  for (size_t size = 1; size < two.size(); ++size) {
    const Read read = ReadAll(one + two.substr(0, size));
    EXPECT_THAT(read.bodies, ElementsAre("one")) << size;
    EXPECT_THAT(read.notes, ElementsAre("!x: " + std::to_string(size) + " bytes at byte " +
                                        std::to_string(one.size()) +
                                        " are no whole Ogg page: damaged or cut short, left out"));
  }
}

}  // namespace
}  // namespace ferry::client
