#include "client/printable.h"

#include <gtest/gtest.h>

namespace ferry::client {
namespace {

TEST(PrintableTest, LeavesWhatIsToBeRead) {
  EXPECT_EQ(Printable(""), "");
  EXPECT_EQ(Printable("the room is full (300 users)"), "the room is full (300 users)");
  EXPECT_EQ(Printable("Grüße, 你好 🎈\xC2\xA0!"), "Grüße, 你好 🎈\xC2\xA0!");
}

TEST(PrintableTest, ShowsWhatATerminalWouldObey) {
  EXPECT_EQ(Printable("\x1b]0;title\x07\x1b[2J"), "\\x1b]0;title\\x07\\x1b[2J");
  EXPECT_EQ(Printable("full\r\nferry-cli: done\x7f"), "full\\x0d\\x0aferry-cli: done\\x7f");
  EXPECT_EQ(Printable(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(PrintableTest, ShowsTheControlCharactersAboveAscii) {
  EXPECT_EQ(Printable("ü\xC2\x9B"
                      "2J"),
            "ü\\xc2\\x9b2J");
  EXPECT_EQ(Printable("\xC2\x80\xC2\x9F"), "\\xc2\\x80\\xc2\\x9f");
}

TEST(PrintableTest, ShowsTheBytesOfWhatIsNotUtf8) {
  EXPECT_EQ(Printable("a\x9B"
                      "2J"),
            "a\\x9b2J");
  EXPECT_EQ(Printable("\xC3\xBC\xC2"), "\\xc3\\xbc\\xc2");
}

}  // namespace
}  // namespace ferry::client
