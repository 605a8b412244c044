#include "gateway/session/resume_token.h"

#include <gtest/gtest.h>

#include <set>

namespace ferry::gateway {
namespace {

TEST(ResumeToken, NamesItsSessionAndIsNeverTheSameTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto token = MakeResumeToken("00ff");
    ASSERT_TRUE(token);
    EXPECT_EQ(SessionIdOf(token->text), "00ff");
    EXPECT_EQ(token->text.size(), 5 + 2 * ResumeToken::kSecretBytes);
    EXPECT_TRUE(seen.insert(token->text).second);
  }
}

TEST(ResumeToken, IsKnownByItsHashAlone) {
  const auto token = MakeResumeToken("00ff");
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
  EXPECT_EQ(SessionIdOf(""), "");
  EXPECT_EQ(SessionIdOf("."), "");
  EXPECT_EQ(SessionIdOf("abc"), "abc");
}

}  // namespace
}  // namespace ferry::gateway
