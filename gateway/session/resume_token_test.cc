#include "gateway/session/resume_token.h"

#include <gtest/gtest.h>

#include <set>

namespace ferry::gateway {
namespace {

TEST(ResumeToken, NamesItsSessionAndIsNeverTheSameTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto token = MakeResumeToken(7, "00ff");
    ASSERT_TRUE(token);
    EXPECT_EQ(NameOf(token->text).node, 7u);
    EXPECT_EQ(NameOf(token->text).session, "00ff");
    EXPECT_EQ(token->text.size(), 7 + 2 * ResumeToken::kSecretBytes);
    EXPECT_TRUE(seen.insert(token->text).second);
  }
}

TEST(ResumeToken, IsKnownByItsHashAlone) {
  const auto token = MakeResumeToken(7, "00ff");
  ASSERT_TRUE(token);
  EXPECT_TRUE(SameToken(token->hash, HashResumeToken(token->text)));
  for (size_t i = 0; i < token->text.size(); ++i) {
    std::string forged = token->text;
    forged[i] = forged[i] == '0' ? '1' : '0';
    EXPECT_FALSE(SameToken(token->hash, HashResumeToken(forged))) << i;
  }
  EXPECT_FALSE(SameToken(token->hash, HashResumeToken("")));
}

TEST(ResumeToken, AnyTextNamesSomeSession) {
  for (const char* text : {"", ".", "-", "-.", "x-", "4294967296-00ff.", "1x-00ff."}) {
    EXPECT_EQ(NameOf(text).node, std::nullopt) << text;
  }
  EXPECT_EQ(NameOf("abc").session, "abc");
  EXPECT_EQ(NameOf("1-").node, 1u);
  EXPECT_EQ(NameOf("1-").session, "");
}

}  // namespace
}  // namespace ferry::gateway
