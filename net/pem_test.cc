#include "net/pem.h"

#include <gtest/gtest.h>

#include <string>

#include "net/testing/certificate.h"

namespace ferry::net {
namespace {

class PemTest : public ::testing::Test {
 protected:
  const testing::TestCertificate first = testing::MakeTestCertificate();
  const testing::TestCertificate second = testing::MakeTestCertificate();
};

std::string ErrorOf(std::string_view chain, std::string_view key) {
  const auto read = ReadPem(chain, key);
  return read ? "" : read.error().message;
}

TEST_F(PemTest, ReadsALeafItsIssuersAndTheKey) {
  const auto read = ReadPem(first.certificate + second.certificate, first.private_key);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->leaf);
  EXPECT_EQ(read->issuers.size(), 1u);
  EXPECT_TRUE(read->key);
}

TEST_F(PemTest, TextBetweenIsNoMatter) {
  EXPECT_TRUE(ReadPem(
      "of 2026\n" + first.certificate + "\n# its issuer\n" + second.certificate + "\nthe end\n",
      first.private_key));
}

TEST_F(PemTest, RefusesWhatIsNoCertificate) {
  EXPECT_EQ(ErrorOf("", first.private_key), "there is no certificate in PEM form");
  EXPECT_EQ(ErrorOf(first.private_key, first.private_key), "there is no certificate in PEM form");
}

TEST_F(PemTest, RefusesAChainThatBreaksOff) {
  const std::string half = second.certificate.substr(0, second.certificate.size() / 2);
  EXPECT_EQ(ErrorOf(first.certificate + half, first.private_key),
            "certificate 2 of the chain is broken");
}

TEST_F(PemTest, RefusesAnotherCertificatesKey) {
  EXPECT_EQ(ErrorOf(first.certificate, second.private_key),
            "the private key is not the certificate's");
  EXPECT_EQ(ErrorOf(second.certificate + first.certificate, first.private_key),
            "the private key is not the certificate's");
}

// Of P-256, under the password "secret".
constexpr const char* kLockedKey = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhSRP0MeE1V2QICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMPmRhVtA7retnRyt9ieghoEgZAE
b4+l7/a7OnC/M3QWbugS1x5BeIF4Q+viosyvwSmKnUcmIqFrB/p0UmJN3sXBdSHT
of/i5Yb/mGGdwgkWm9idiOIs+kQfx3//laMsPB20WEybOwXPA9plKcQCzJSda6ow
/Bm43T4EWM0lk0+9jtigIgCebbIXBwo+mRYmS3w4jQ1QzRQcozlzhUmJ6ON0y1Q=
-----END ENCRYPTED PRIVATE KEY-----
)";

TEST_F(PemTest, RefusesAKeyThatIsNone) {
  EXPECT_EQ(ErrorOf(first.certificate, first.certificate), "there is no private key in PEM form");
}

TEST_F(PemTest, RefusesAKeyUnderAPasswordAndSaysHowToTakeItOff) {
  const std::string error = ErrorOf(first.certificate, kLockedKey);
  EXPECT_EQ(error.find("the private key is under a password"), 0u) << error;
  EXPECT_NE(error.find("openssl pkey"), std::string::npos) << error;
}

}  // namespace
}  // namespace ferry::net
