#include "gateway/net/quic_secret.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "core/base/testing/temporary_folder.h"

namespace ferry::gateway {
namespace {

namespace fs = std::filesystem;

class QuicSecretTest : public ::testing::Test {
 protected:
  std::string ErrorText() const { return ErrorText(folder); }
  static std::string ErrorText(const fs::path& in) {
    const auto secret = LoadOrMakeQuicSecret(in);
    return secret ? "no error" : secret.error().message;
  }

  const TemporaryFolder temporary;
  const fs::path folder = temporary.path();
  const fs::path file = folder / "quic-secret";
};

TEST_F(QuicSecretTest, IsMadeOnceForTheOwnerAloneAndKept) {
  const auto made = LoadOrMakeQuicSecret(folder);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_NE(*made, net::QuicSecret{});
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(LoadOrMakeQuicSecret(folder).value(), *made);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "nothing half written";
  fs::remove(file);
  EXPECT_NE(LoadOrMakeQuicSecret(folder).value(), *made);
}

TEST_F(QuicSecretTest, AFileOfAnotherSizeIsRefusedAndLeftAlone) {
  for (const std::string content : {"", "too short", "a whole line more than thirty-two bytes"}) {
    std::ofstream(file) << content;
    EXPECT_NE(ErrorText().find("has " + std::to_string(content.size()) + " bytes, not 32"),
              std::string::npos)
        << ErrorText();
    EXPECT_EQ(fs::file_size(file), content.size());
  }
  std::ofstream(file) << std::string(100'000, 'x');
  EXPECT_NE(ErrorText().find("more than"), std::string::npos) << ErrorText();
}

TEST_F(QuicSecretTest, WhatCannotBeReadOrWrittenIsNamed) {
  fs::create_directory(file);
  EXPECT_NE(ErrorText().find("cannot read " + file.string()), std::string::npos) << ErrorText();
  const fs::path absent = folder / "not there";
  const std::string error = ErrorText(absent);
  EXPECT_NE(error.find("cannot write " + absent.string()), std::string::npos) << error;
}

}  // namespace
}  // namespace ferry::gateway
