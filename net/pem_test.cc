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

TEST_F(PemTest, RefusesAKeyThatIsNoneOrUnderAPassword) {
  EXPECT_NE(ErrorOf(first.certificate, first.certificate), "");
  EXPECT_NE(ErrorOf(first.certificate,
                    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGb\n"
                    "-----END ENCRYPTED PRIVATE KEY-----\n"),
            "");
}

}  // namespace
}  // namespace ferry::net
