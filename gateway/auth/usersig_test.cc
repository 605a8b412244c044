#include "gateway/auth/usersig.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/base64.h"
#include "gateway/testing/usersig_envelope.h"
#include "gateway/testing/usersig_vectors.h"

namespace ferry::gateway {
namespace {

constexpr const char* kStoredBlockToken =
    "eAEBqwBU-"
    "3siVExTLnZlciI6IjIuMCIsIlRMUy5pZGVudGlmaWVyIjoieGlhb2p1biIsIlRMUy5zZGthcHBpZCI6MTQwMDAwMDAwMCw"
    "iVExTLnRpbWUiOjE3MDAwMDAwMDAsIlRMUy5leHBpcmUiOjE1NTUyMDAwLCJUTFMuc2lnIjoiTHZBN2QvSXc3Z1NzbnNrd"
    "lZ6QkRQT0NDRGJ1TkN3NEdId1RDMGJpcCtCND0ifaIXMfI_";

int CodeOf(const std::expected<UserSig, UserSigRefusal>& result) {
  return result ? 0 : static_cast<int>(result.error().code);
}

class UserSigVectorTest : public testing::TestWithParam<UserSigVector> {};

TEST_P(UserSigVectorTest, BothSpellingsVerify) {
  const UserSigVector& v = GetParam();
  for (const char* token : {v.node_token, v.zlib_token}) {
    const auto verified = VerifyUserSig(token, kVectorApp, v.user, kVectorKey, kVectorTime);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->signature_base64, v.signature);
    EXPECT_EQ(verified->issued_s, kVectorTime);
    EXPECT_EQ(verified->lifetime_s, v.lifetime_s);
    const std::string buffer = FromHex(v.user_buffer_hex);
    EXPECT_EQ(verified->user_buffer_base64.value_or(""), Base64Encode(buffer));
  }
}

TEST_P(UserSigVectorTest, SigningYieldsThePublishedSignature) {
  const UserSigVector& v = GetParam();
  const std::string buffer = FromHex(v.user_buffer_hex);
  const auto token =
      SignUserSig(kVectorApp, kVectorKey, v.user, kVectorTime, v.lifetime_s,
                  buffer.empty() ? std::nullopt : std::optional<std::string_view>(buffer));
  const auto decoded = DecodeUserSig(token);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->signature_base64, v.signature);
}

INSTANTIATE_TEST_SUITE_P(Published, UserSigVectorTest, testing::ValuesIn(kUserSigVectors),
                         [](const auto& vector) { return vector.param.name; });

TEST(UserSig, AcceptsStoredBlocks) {
  EXPECT_TRUE(VerifyUserSig(kStoredBlockToken, kVectorApp, "xiaojun", kVectorKey, kVectorTime));
}

TEST(UserSig, AcceptsMissingPaddingAndPlainBase64) {
  std::string token = kUserSigVectors[0].node_token;
  while (token.ends_with('_')) token.pop_back();
  EXPECT_TRUE(VerifyUserSig(token, kVectorApp, "xiaojun", kVectorKey, kVectorTime));
  for (char& c : token) {
    if (c == '*') c = '+';
    if (c == '-') c = '/';
  }
  EXPECT_TRUE(VerifyUserSig(token, kVectorApp, "xiaojun", kVectorKey, kVectorTime));
}

TEST(UserSig, AcceptsNumbersWrittenAsStringsInAnyOrder) {
  const auto json =
      std::string(R"({"TLS.sig": ")") + kUserSigVectors[0].signature +
      R"(", "TLS.expire": "15552000", "TLS.time": "1700000000",)"
      R"( "TLS.sdkappid": "1400000000", "TLS.identifier": "xiaojun", "TLS.ver": "2.0"})";
  EXPECT_EQ(
      CodeOf(VerifyUserSig(UserSigEnvelope(json), kVectorApp, "xiaojun", kVectorKey, kVectorTime)),
      0);
}

TEST(UserSig, RefusesOtherUser) {
  EXPECT_EQ(CodeOf(VerifyUserSig(kUserSigVectors[0].node_token, kVectorApp, "xiaojun2", kVectorKey,
                                 kVectorTime)),
            70013);
  EXPECT_EQ(CodeOf(VerifyUserSig(kUserSigVectors[0].node_token, kVectorApp, "Xiaojun", kVectorKey,
                                 kVectorTime)),
            70013);
}

TEST(UserSig, RefusesOtherApp) {
  EXPECT_EQ(CodeOf(VerifyUserSig(kUserSigVectors[0].node_token, kVectorApp + 1, "xiaojun",
                                 kVectorKey, kVectorTime)),
            70014);
}

TEST(UserSig, RefusesForgedSignature) {
  auto members = *DecodeUserSig(kUserSigVectors[0].node_token);
  std::string signature = members.signature_base64;
  signature[5] = signature[5] == 'A' ? 'B' : 'A';
  const std::string json =
      R"({"TLS.ver":"2.0","TLS.identifier":"xiaojun","TLS.sdkappid":1400000000,)"
      R"("TLS.time":1700000000,"TLS.expire":15552000,"TLS.sig":")" +
      signature + "\"}";
  EXPECT_EQ(
      CodeOf(VerifyUserSig(UserSigEnvelope(json), kVectorApp, "xiaojun", kVectorKey, kVectorTime)),
      70009);
  EXPECT_EQ(CodeOf(VerifyUserSig(kUserSigVectors[0].node_token, kVectorApp, "xiaojun",
                                 "another key", kVectorTime)),
            70009);
}

TEST(UserSig, RefusesLongerLifetimeThanWasSigned) {
  const std::string json =
      R"({"TLS.ver":"2.0","TLS.identifier":"xiaojun","TLS.sdkappid":1400000000,)"
      R"("TLS.time":1700000000,"TLS.expire":99999999,"TLS.sig":")" +
      std::string(kUserSigVectors[0].signature) + "\"}";
  EXPECT_EQ(
      CodeOf(VerifyUserSig(UserSigEnvelope(json), kVectorApp, "xiaojun", kVectorKey, kVectorTime)),
      70009);
}

TEST(UserSig, ExpiresOneSecondAfterItsLifetime) {
  const char* token = kUserSigVectors[0].node_token;
  EXPECT_EQ(CodeOf(VerifyUserSig(token, kVectorApp, "xiaojun", kVectorKey, 1'715'552'000, 0)), 0);
  EXPECT_EQ(CodeOf(VerifyUserSig(token, kVectorApp, "xiaojun", kVectorKey, 1'715'552'001, 0)),
            70001);
}

TEST(UserSig, AllowsForClocksThatDiffer) {
  const char* token = kUserSigVectors[0].node_token;
  EXPECT_EQ(CodeOf(VerifyUserSig(token, kVectorApp, "xiaojun", kVectorKey, 1'715'552'060)), 0);
  EXPECT_EQ(CodeOf(VerifyUserSig(token, kVectorApp, "xiaojun", kVectorKey, 1'715'552'061)), 70001);
  EXPECT_EQ(CodeOf(VerifyUserSig(token, kVectorApp, "xiaojun", kVectorKey, kVectorTime - 300)), 0);
  EXPECT_EQ(CodeOf(VerifyUserSig(token, kVectorApp, "xiaojun", kVectorKey, kVectorTime - 301)),
            70001);
}

TEST(UserSig, RefusesEmpty) {
  EXPECT_EQ(CodeOf(VerifyUserSig("", kVectorApp, "xiaojun", kVectorKey, kVectorTime)), 70002);
}

TEST(UserSig, RefusesEveryTruncation) {
  const std::string token = kUserSigVectors[0].node_token;
  const size_t significant = token.find('_');
  for (size_t length = 1; length + 1 < significant; ++length) {
    const int code = CodeOf(
        VerifyUserSig(token.substr(0, length), kVectorApp, "xiaojun", kVectorKey, kVectorTime));
    EXPECT_TRUE(code == 70003 || code == 70004) << "cut to " << length << ": " << code;
  }
}

TEST(UserSig, WithACharacterAlteredNeverSaysAnythingElse) {
  for (const UserSigVector& v : kUserSigVectors) {
    const auto whole = DecodeUserSig(v.node_token);
    ASSERT_TRUE(whole);
    for (size_t i = 0; v.node_token[i] != '\0'; ++i) {
      for (const char c : {'A', 'Q', 'g', 'w', '*'}) {
        std::string token = v.node_token;
        token[i] = c;
        const auto accepted = VerifyUserSig(token, kVectorApp, v.user, kVectorKey, kVectorTime);
        if (!accepted) continue;
        EXPECT_EQ(accepted->lifetime_s, whole->lifetime_s) << v.name << ", " << i << ": " << c;
        EXPECT_EQ(accepted->issued_s, whole->issued_s) << v.name << ", " << i << ": " << c;
        EXPECT_EQ(accepted->user_buffer_base64, whole->user_buffer_base64)
            << v.name << ", " << i << ": " << c;
      }
    }
  }
}

// A user id of several lines would otherwise spell another user's content, with the true rest of it
// as a buffer: the signed text has nothing but line ends between its members.
TEST(UserSig, RefusesABufferThatIsNotBase64) {
  const std::string json =
      R"({"TLS.ver":"2.0","TLS.identifier":"xiaojun","TLS.sdkappid":1400000000,)"
      R"("TLS.time":1700000000,"TLS.expire":300,"TLS.sig":"x",)"
      R"("TLS.userbuf":"AAAA\nTLS.sdkappid:1400000000\nTLS.time:1700000000\nTLS.expire:300"})";
  EXPECT_EQ(
      CodeOf(VerifyUserSig(UserSigEnvelope(json), kVectorApp, "xiaojun", kVectorKey, kVectorTime)),
      70004);
}

TEST(UserSig, RefusesMalformed) {
  for (const char* json : {"[]", "null", "{", "{}", R"({"TLS.ver":"1.0"})", R"({"TLS.ver":2.0})"}) {
    EXPECT_EQ(CodeOf(VerifyUserSig(UserSigEnvelope(json), kVectorApp, "xiaojun", kVectorKey,
                                   kVectorTime)),
              70004)
        << json;
  }
  EXPECT_EQ(
      CodeOf(VerifyUserSig("not base64 at all!", kVectorApp, "xiaojun", kVectorKey, kVectorTime)),
      70003);
}

TEST(UserSig, RefusesNumbersOutOfRange) {
  for (const char* expire :
       {"9223372036854775807", "18446744073709551615", "-1", "1e400", "\"x\""}) {
    const std::string json =
        R"({"TLS.ver":"2.0","TLS.identifier":"xiaojun","TLS.sdkappid":1400000000,)"
        R"("TLS.time":1700000000,"TLS.sig":"x","TLS.expire":)" +
        std::string(expire) + "}";
    EXPECT_EQ(CodeOf(VerifyUserSig(UserSigEnvelope(json), kVectorApp, "xiaojun", kVectorKey,
                                   kVectorTime)),
              70004)
        << expire;
  }
}

TEST(UserSig, RefusesWhatInflatesWithoutBound) {
  const std::string bomb = UserSigEnvelope(std::string(1'000'000, ' '));
  ASSERT_LT(bomb.size(), kMaxUserSigBytes) << "the bomb must get past the first limit";
  EXPECT_EQ(CodeOf(VerifyUserSig(bomb, kVectorApp, "xiaojun", kVectorKey, kVectorTime)), 70003);
  EXPECT_EQ(CodeOf(VerifyUserSig(std::string(kMaxUserSigBytes + 1, 'A'), kVectorApp, "x",
                                 kVectorKey, kVectorTime)),
            70004);
}

}  // namespace
}  // namespace ferry::gateway
