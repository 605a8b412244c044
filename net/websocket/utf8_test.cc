#include "net/websocket/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ferry::net {
namespace {

bool Is(std::string_view text) {
  return IsUtf8({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

TEST(Utf8Test, TakesEveryLengthOfCharacter) {
  EXPECT_TRUE(Is(""));
  EXPECT_TRUE(Is("plain text of more than eight bytes"));
  EXPECT_TRUE(Is("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"));
  EXPECT_TRUE(Is("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"));
}

TEST(Utf8Test, RefusesOverlongFormsSurrogatesAndWhatIsTooHigh) {
  for (const char* bad : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",
                          "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_FALSE(Is(bad)) << bad;
  }
}

TEST(Utf8Test, RefusesLoneAndMissingContinuations) {
  for (const std::string whole : {"\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    for (const std::string before : {"", "a", "seven b", "eight by", "nine byte"}) {
      EXPECT_TRUE(Is(before + whole));
      for (size_t size = 1; size < whole.size(); ++size) {
        EXPECT_FALSE(Is(before + whole.substr(0, size)));
        EXPECT_FALSE(Is(before + whole.substr(0, size) + "z"));
        EXPECT_FALSE(Is(before + whole.substr(size)));
      }
    }
  }
}

}  // namespace
}  // namespace ferry::net
