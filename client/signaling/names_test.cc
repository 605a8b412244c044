#include "client/signaling/names.h"

#include <gtest/gtest.h>

#include <string>

namespace ferry::client {
namespace {

std::string User(const std::string& id) {
  const auto checked = CheckUserId(id);
  return checked ? "" : checked.error().message;
}
std::string Room(const std::string& name) {
  const auto checked = CheckRoomName(name);
  return checked ? "" : checked.error().message;
}

TEST(Names, AUserIsOf1To128BytesOfUtf8) {
  EXPECT_EQ(User("ann"), "");
  EXPECT_EQ(User("Ännchen \"x\" \xF0\x9F\x98\x80"), "");
  EXPECT_EQ(User(std::string(128, 'a')), "");
  EXPECT_EQ(User(std::string(129, 'a')), "the user's name has 129 bytes, a name has 1 to 128");
  EXPECT_EQ(User(""), "the user's name has 0 bytes, a name has 1 to 128");
  EXPECT_EQ(User("\xFF"), "the user's name is not UTF-8");
  EXPECT_EQ(User("a\xC3"), "the user's name is not UTF-8");
  EXPECT_EQ(User("a\nb"), "the user's name has a control character");
  EXPECT_EQ(User("a\x7F"), "the user's name has a control character");
}

TEST(Names, ARoomIsOf1To64OfTheAllowedCharacters) {
  EXPECT_EQ(Room("den 1!#~,"), "");
  EXPECT_EQ(Room(std::string(64, 'a')), "");
  EXPECT_EQ(Room(std::string(65, 'a')), "the room's name has 65 bytes, a name has 1 to 64");
  EXPECT_EQ(Room(""), "the room's name has 0 bytes, a name has 1 to 64");
  for (const char* bad : {"a/b", "ä", "a\"b", "a\n"}) EXPECT_NE(Room(bad), "") << bad;
}

}  // namespace
}  // namespace ferry::client
