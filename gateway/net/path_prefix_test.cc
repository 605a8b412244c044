#include "gateway/net/path_prefix.h"

#include <gtest/gtest.h>

namespace ferry::gateway {
namespace {

std::string Stripped(std::string_view prefix, std::string_view target) {
  return PathPrefix::Parse(prefix).value().Strip(target);
}

TEST(PathPrefix, IsTakenOffWhatLiesUnderIt) {
  EXPECT_EQ(Stripped("/calls", "/calls/"), "/");
  EXPECT_EQ(Stripped("/calls", "/calls/sdk/trtc.js?v=/calls/"), "/sdk/trtc.js?v=/calls/");
  EXPECT_EQ(Stripped("/a/b/", "/a/b/rtc/v1"), "/rtc/v1") << "with or without a slash at its end";
  EXPECT_EQ(Stripped("/calls", "/calls/calls/x"), "/calls/x") << "once";
}

TEST(PathPrefix, LeavesOtherPaths) {
  for (const char* target :
       {"/", "/healthz", "/calls", "/callsign", "/calls?x", "/other/calls/", "/CALLS/", "", "*"}) {
    EXPECT_EQ(Stripped("/calls", target), target);
  }
  for (const char* none : {"", "/"}) EXPECT_EQ(Stripped(none, "/rtc/v1"), "/rtc/v1");
}

TEST(PathPrefix, WantsASlashBehindIt) {
  const PathPrefix prefix = PathPrefix::Parse("/calls").value();
  EXPECT_EQ(prefix.WithSlash("/calls"), "/calls/");
  EXPECT_EQ(prefix.WithSlash("/calls?room=1"), "/calls/?room=1");
  for (const char* target : {"/calls/", "/", "/callsign", ""}) {
    EXPECT_EQ(prefix.WithSlash(target), "") << target;
    EXPECT_EQ(PathPrefix().WithSlash(target), "") << target;
  }
}

TEST(PathPrefix, WhatIsNoPathIsRefused) {
  for (const char* bad : {"calls", "//calls", "/a//b", "/a/../b", "/.", "/..", "/a?b", "/a#b",
                          "/a b", "/%41", "/ü", "/a\\b"}) {
    const auto parsed = PathPrefix::Parse(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_NE(parsed.error().message.find("is no path"), std::string::npos);
  }
}

}  // namespace
}  // namespace ferry::gateway
