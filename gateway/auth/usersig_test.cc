#include "gateway/auth/usersig.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "core/base/base64.h"

namespace ferry::gateway {
namespace {

constexpr uint32_t kApp = 1'400'000'000;
constexpr std::string_view kKey =
    "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
constexpr int64_t kNow = 1'700'000'000;

// Published vectors of TLSSigAPIv2: made by other implementations (Node's and the stock zlib).
struct Vector {
  const char* name;
  const char* user;
  int64_t lifetime_s;
  const char* signature;
  const char* user_buffer_hex;  // "" when there is none
  const char* node_token;
  const char* zlib_token;
};

constexpr Vector kVectors[] = {
    {"V1", "xiaojun", 15552000, "LvA7d/Iw7gSsnskvVzBDPOCCDbuNCw4GHwTC0bip+B4=", "",
     "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwhWZiflZpXlQqeKU7MSCgswUJStDEwMogMiUZOamKlkZmqOKplYUZ"
     "BaBxE1NTY3gosWZ6UpWSj5ljuYp*p7l5unBxXnF2WVhVU4uAf7Ozi5JpX7O5SbuHuUhzgZJmQXaTia2SrUAohcx8g__",
     "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwhWZiflZpXlQqeKU7MSCgswUJStDEwMogMiUZOamAkXNUUVTKwoyi"
     "0DipqamRnDR4sx0oMk*ZY7mKfqe5ebpwcV5xdllYVVOLgH*zs4uSaV*zuUm7h7lIc4GSZkF2k4mtkq1AKIXMfI_"},
    {"V2", "denny", 604800, "+oPHziShDHva9FZaJ8vfw96L+WmO7X0tGDLo3gNw66g=", "",
     "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwimpeXmVUInilOzEgoLMFCUrQxMDKIDIlGTmpipZGZqjiqZWFGQWp"
     "SpZmRmYWMDEijPTlayUtPMDPKoygzNcPMoSLd2iEr0sytLKLc18tMNz-c0jDErcXXzyjdP9ys3M0m2VagG5ZDBq",
     "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwkB2XiVUojglO7GgIDNFycrQxAAKIDIlmbmpQFFzVNHUioLMIqC4m"
     "YGJBUysODMdaKp2foBHVWZwhotHWaKlW1Sil0VZWrmlmY92eK6-eYRBibuLT75xul*5mVm6rVItALlkMGo_"},
    {"V3", "xiaojun", 300, "0+M4K64lITF5k+8jtQGalx0fgxd1aweZx0fZYfdnvZk=",
     "0000077869616f6a756e53724e00000027106553f22c000000ff00000000",
     "eJxVjU0LgkAURf-L2xoympUMtHgEWWShJEHutJmxUTPxq5Hov0eWi*"
     "7iwj1ncZ8QuEe94xVQMHUCk2FLxotGCjlgJaN72hY-VbMsKkvJgBoW*eVrGnnjQI3FP*WqlBUHOh1BW-MqbgVQQMQNd-"
     "JrbJZGnB-6IEHE1cUPT17vIiJ69qdxfJYJUCDa3trNrXwbrGeZZqeN70S5IiJRzIgePFREhGfBii7MlvB6A36tQqM_",
     "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwhWZiflZpXlQqeKU7MSCgswUJStDEwMogMiUZOamAkXNUUVTKwoyi"
     "4DixjCB0uLUoqTSNKDBjo6OHqnuORlJRgWGSTl*"
     "lSHpQBHn5MCosIBKHyDTMcACRDrCbM5MB2oy0PY18TYzyfEMcTPN1rbIKgl0T8ypMEhLr0gxTCxPjQIyoyLTUvLKorJtl"
     "WoBfq1Cow__"},
    {"V4", "u_1-A", 86400, "85F+uYIZG2DZ3KH4QQU9qyZI348VIvdOmdoMnaUl2lE=",
     "000005755f312d4153724e00fffffffe655542800000002a00000000",
     "eJxVjUsLgkAYRf-Lt63Mx1Q24GKgLMkIKYXchDVjDL4fI0b030PTRWdx4Z67uG*"
     "42GepYSVgUCUZpn3nlKU1D3mvxU2ZkWGoaBTkOaeAFSQP-"
     "JaaJwywsvq3rM15yQDrSzQqUbHyLkLAQAgxqae3tmteHhEi847E85yMdBR9EsMYv-"
     "kTMOgLcyKulr9TN7522CPHcdfFy7c0pHtWQ08JzY5p4MZqvDXg8wVcoz*j",
     "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwqXxhrqOUInilOzEgoLMFCUrQxMDKIDIlGTmpgJFzVFFUysKMouA4"
     "hZmJjCh0uLUoqTSNKDBjo6ObilhFhU*"
     "oW4hydkmjvogkBsWFpjvCAKFYNLR1hZmd2Y6UJOFqZt2aaRnlLuRS5Sxt4dJYGCoZWFllKexiUWYZ1mKf25Kvm9eYmiOU"
     "Y6rrVItAFyjP6M_"},
    {"V5", "xiaojun", 300, "yNlAbaifTRTFJkWZ0seBuiuC8vgGx7dFY3tkC0qBwbE=",
     "0100077869616f6a756e53724e00000000006553f22c000000ff00000000000a31303030303030303430",
     "eJxVjk0LgkAYhP-Lew5RC5SFDmulESVaUuTNxdXetDR1-SD675EfhwYGZp65zBu8-UmqeQEEVEmGWd8x5M8KI*"
     "xxi0F2F89xKsMkyHMMgSgLedSwVPjgQBTtn-I2x4IDmU9AlLxgIgIC1KVbbqU3puYKS*3Oi2kv-*x0*"
     "19w9AHQrD2saTPYbaYnGAOBzk4pCzDyjp65Sy6*XHJDoFjpdWy1Wmhe51Wykl9GwzZL*HwBBtVIUA__",
     "eJxVjlsLgkAUhP-LPod4CRShh9XSCBMtKfLNxdVOmpq6Xoj*e*"
     "bloYEDc76BYd7Is85cQ0ukIpHj0Wr8IaRZDRGMuIMgf7BsjqowCYoCQqQKa37WlNTwpAOV-"
     "yntCigHLi2AVbQkLBqKsYv31EzvRCwEktq9F*NR-"
     "sXprZ9xlAngvDtucTud2y5LIB5KejvFJIDIO3nGIbn6fEU1BkxXmtjs5NC4SXWi8y*tJbsN*nwBBtVIUA__"},
    {"V6", "xiaojun", 300, "kNq5sXxFVNfCCjFj4YJazmPI7HWSA2e6F+4uoU1e8go=",
     "0100077869616f6a756e53724e00000000006553f22c0000002a000000000008726f6f6d20412331",
     "eJxVjrkOglAURP-lthoiiKIvoXghIBokGhSXDsIFHsoiiwGN-"
     "25kKZxq5pxm3nAwLO6JORAQuAmM2808TErmsxbXzEmjKulV4d2cLGMeEF6c9OlMyWIEwkv-"
     "FOuM5QhkOoCqwNytfCBA91TH1T10hYx372ZzCGibq71rjF9R0g7QsHGFZblW1Wi7l*"
     "XhCQuAwM18zIpzrdmmryiRFomXjfOKd2tJP1lUwLk2Eqv0yOMiSGX4fAHpgUcy",
     "eJxVzssKgkAUBuB3mW0hapYluBhE0zBRLLvsFEcdb2NeQovePfOy6F*d8-1wOG9w0m3qiUogAJaiwXLYsY-"
     "yGgd44Ba7JG7yqar8xC0K7AOB4egpY1PjDPXK-ytqC1z2vpqhqVDpNUF-GFpQRfs08tiC8VKjO4VwyN0xO-"
     "03SGQEGHUeu6s1WY6PlijOn*CwP5IYj3V1bRXHCCQpVmLudnBfmanx6sWGLNooC64hZwZtQyKCzxfpgUcy"},
};

constexpr const char* kStoredBlockToken =
    "eAEBqwBU-"
    "3siVExTLnZlciI6IjIuMCIsIlRMUy5pZGVudGlmaWVyIjoieGlhb2p1biIsIlRMUy5zZGthcHBpZCI6MTQwMDAwMDAwMCw"
    "iVExTLnRpbWUiOjE3MDAwMDAwMDAsIlRMUy5leHBpcmUiOjE1NTUyMDAwLCJUTFMuc2lnIjoiTHZBN2QvSXc3Z1NzbnNrd"
    "lZ6QkRQT0NDRGJ1TkN3NEdId1RDMGJpcCtCND0ifaIXMfI_";

std::string FromHex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

// A token around any JSON text.
std::string Envelope(const std::string& json) {
  uLongf size = compressBound(json.size());
  std::string compressed(size, '\0');
  compress(reinterpret_cast<Bytef*>(compressed.data()), &size,
           reinterpret_cast<const Bytef*>(json.data()), json.size());
  compressed.resize(size);
  std::string token = Base64Encode(compressed);
  for (char& c : token) {
    if (c == '+') c = '*';
    if (c == '/') c = '-';
    if (c == '=') c = '_';
  }
  return token;
}

int CodeOf(const std::expected<UserSig, UserSigRefusal>& result) {
  return result ? 0 : static_cast<int>(result.error().code);
}

class UserSigVector : public testing::TestWithParam<Vector> {};

TEST_P(UserSigVector, BothSpellingsVerify) {
  const Vector& v = GetParam();
  for (const char* token : {v.node_token, v.zlib_token}) {
    const auto verified = VerifyUserSig(token, kApp, v.user, kKey, kNow);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->signature_base64, v.signature);
    EXPECT_EQ(verified->issued_s, kNow);
    EXPECT_EQ(verified->lifetime_s, v.lifetime_s);
    const std::string buffer = FromHex(v.user_buffer_hex);
    EXPECT_EQ(verified->user_buffer_base64.value_or(""), Base64Encode(buffer));
  }
}

TEST_P(UserSigVector, SigningYieldsThePublishedSignature) {
  const Vector& v = GetParam();
  const std::string buffer = FromHex(v.user_buffer_hex);
  const auto token =
      SignUserSig(kApp, kKey, v.user, kNow, v.lifetime_s,
                  buffer.empty() ? std::nullopt : std::optional<std::string_view>(buffer));
  const auto decoded = DecodeUserSig(token);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->signature_base64, v.signature);
}

INSTANTIATE_TEST_SUITE_P(Published, UserSigVector, testing::ValuesIn(kVectors),
                         [](const auto& vector) { return vector.param.name; });

TEST(UserSig, AcceptsStoredBlocks) {
  EXPECT_TRUE(VerifyUserSig(kStoredBlockToken, kApp, "xiaojun", kKey, kNow));
}

TEST(UserSig, AcceptsMissingPaddingAndPlainBase64) {
  std::string token = kVectors[0].node_token;
  while (token.ends_with('_')) token.pop_back();
  EXPECT_TRUE(VerifyUserSig(token, kApp, "xiaojun", kKey, kNow));
  for (char& c : token) {
    if (c == '*') c = '+';
    if (c == '-') c = '/';
  }
  EXPECT_TRUE(VerifyUserSig(token, kApp, "xiaojun", kKey, kNow));
}

TEST(UserSig, AcceptsNumbersWrittenAsStringsInAnyOrder) {
  const auto json =
      std::string(R"({"TLS.sig": ")") + kVectors[0].signature +
      R"(", "TLS.expire": "15552000", "TLS.time": "1700000000",)"
      R"( "TLS.sdkappid": "1400000000", "TLS.identifier": "xiaojun", "TLS.ver": "2.0"})";
  EXPECT_EQ(CodeOf(VerifyUserSig(Envelope(json), kApp, "xiaojun", kKey, kNow)), 0);
}

TEST(UserSig, RefusesOtherUser) {
  EXPECT_EQ(CodeOf(VerifyUserSig(kVectors[0].node_token, kApp, "xiaojun2", kKey, kNow)), 70013);
  EXPECT_EQ(CodeOf(VerifyUserSig(kVectors[0].node_token, kApp, "Xiaojun", kKey, kNow)), 70013);
}

TEST(UserSig, RefusesOtherApp) {
  EXPECT_EQ(CodeOf(VerifyUserSig(kVectors[0].node_token, kApp + 1, "xiaojun", kKey, kNow)), 70014);
}

TEST(UserSig, RefusesForgedSignature) {
  auto members = *DecodeUserSig(kVectors[0].node_token);
  std::string signature = members.signature_base64;
  signature[5] = signature[5] == 'A' ? 'B' : 'A';
  const std::string json =
      R"({"TLS.ver":"2.0","TLS.identifier":"xiaojun","TLS.sdkappid":1400000000,)"
      R"("TLS.time":1700000000,"TLS.expire":15552000,"TLS.sig":")" +
      signature + "\"}";
  EXPECT_EQ(CodeOf(VerifyUserSig(Envelope(json), kApp, "xiaojun", kKey, kNow)), 70009);
  EXPECT_EQ(CodeOf(VerifyUserSig(kVectors[0].node_token, kApp, "xiaojun", "another key", kNow)),
            70009);
}

TEST(UserSig, RefusesLongerLifetimeThanWasSigned) {
  const std::string json =
      R"({"TLS.ver":"2.0","TLS.identifier":"xiaojun","TLS.sdkappid":1400000000,)"
      R"("TLS.time":1700000000,"TLS.expire":99999999,"TLS.sig":")" +
      std::string(kVectors[0].signature) + "\"}";
  EXPECT_EQ(CodeOf(VerifyUserSig(Envelope(json), kApp, "xiaojun", kKey, kNow)), 70009);
}

TEST(UserSig, ExpiresOneSecondAfterItsLifetime) {
  const char* token = kVectors[0].node_token;
  EXPECT_EQ(CodeOf(VerifyUserSig(token, kApp, "xiaojun", kKey, 1'715'552'000, 0)), 0);
  EXPECT_EQ(CodeOf(VerifyUserSig(token, kApp, "xiaojun", kKey, 1'715'552'001, 0)), 70001);
}

TEST(UserSig, AllowsForClocksThatDiffer) {
  const char* token = kVectors[0].node_token;
  EXPECT_EQ(CodeOf(VerifyUserSig(token, kApp, "xiaojun", kKey, 1'715'552'060)), 0);
  EXPECT_EQ(CodeOf(VerifyUserSig(token, kApp, "xiaojun", kKey, 1'715'552'061)), 70001);
  EXPECT_EQ(CodeOf(VerifyUserSig(token, kApp, "xiaojun", kKey, kNow - 300)), 0);
  EXPECT_EQ(CodeOf(VerifyUserSig(token, kApp, "xiaojun", kKey, kNow - 301)), 70001);
}

TEST(UserSig, RefusesEmpty) {
  EXPECT_EQ(CodeOf(VerifyUserSig("", kApp, "xiaojun", kKey, kNow)), 70002);
}

TEST(UserSig, RefusesEveryTruncation) {
  const std::string token = kVectors[0].node_token;
  const size_t significant = token.find('_');
  for (size_t length = 1; length + 1 < significant; ++length) {
    const int code = CodeOf(VerifyUserSig(token.substr(0, length), kApp, "xiaojun", kKey, kNow));
    EXPECT_TRUE(code == 70003 || code == 70004) << "cut to " << length << ": " << code;
  }
}

TEST(UserSig, RefusesMalformed) {
  for (const char* json : {"[]", "null", "{", "{}", R"({"TLS.ver":"1.0"})", R"({"TLS.ver":2.0})"}) {
    EXPECT_EQ(CodeOf(VerifyUserSig(Envelope(json), kApp, "xiaojun", kKey, kNow)), 70004) << json;
  }
  EXPECT_EQ(CodeOf(VerifyUserSig("not base64 at all!", kApp, "xiaojun", kKey, kNow)), 70003);
}

TEST(UserSig, RefusesNumbersOutOfRange) {
  for (const char* expire :
       {"9223372036854775807", "18446744073709551615", "-1", "1e400", "\"x\""}) {
    const std::string json =
        R"({"TLS.ver":"2.0","TLS.identifier":"xiaojun","TLS.sdkappid":1400000000,)"
        R"("TLS.time":1700000000,"TLS.sig":"x","TLS.expire":)" +
        std::string(expire) + "}";
    EXPECT_EQ(CodeOf(VerifyUserSig(Envelope(json), kApp, "xiaojun", kKey, kNow)), 70004) << expire;
  }
}

TEST(UserSig, RefusesWhatInflatesWithoutBound) {
  const std::string bomb = Envelope(std::string(1'000'000, ' '));
  ASSERT_LT(bomb.size(), kMaxUserSigBytes) << "the bomb must get past the first limit";
  EXPECT_EQ(CodeOf(VerifyUserSig(bomb, kApp, "xiaojun", kKey, kNow)), 70003);
  EXPECT_EQ(CodeOf(VerifyUserSig(std::string(kMaxUserSigBytes + 1, 'A'), kApp, "x", kKey, kNow)),
            70004);
}

}  // namespace
}  // namespace ferry::gateway
