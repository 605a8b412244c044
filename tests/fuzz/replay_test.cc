#include "tests/fuzz/replay.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::testing {
namespace {

std::vector<std::string> g_inputs;

int Note(const uint8_t* data, size_t size) {
  g_inputs.emplace_back(data, data + size);
  return 0;
}

class ReplayTest : public ::testing::Test {
 protected:
  ReplayTest() {
    g_inputs.clear();
    std::filesystem::create_directories(folder_);
  }
  ~ReplayTest() override { std::filesystem::remove_all(folder_); }

  void Write(const char* name, std::string_view bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) /
      ("replay_test_" +
       std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
  std::ostringstream log_;
};

TEST_F(ReplayTest, RunsNothingAtAllAndThenEveryFileByName) {
  Write("b", "second");
  Write("a", std::string_view("fi\0rst", 6));
  Write("c", "");
  std::filesystem::create_directory(folder_ / "a_folder");
  EXPECT_EQ(ReplayCorpus(folder_, Note, log_), 3u);
  EXPECT_EQ(g_inputs, (std::vector<std::string>{"", std::string("fi\0rst", 6), "second", ""}));
  EXPECT_EQ(log_.str(), "a, 6 bytes\nb, 6 bytes\nc, 0 bytes\n");
}

TEST_F(ReplayTest, FailsWithoutSeeds) {
  const auto seeds = ReplayCorpus(folder_, Note, log_);
  ASSERT_FALSE(seeds);
  EXPECT_NE(seeds.error().message.find("has no seeds"), std::string::npos);
  EXPECT_TRUE(g_inputs.empty());
}

TEST_F(ReplayTest, FailsWithoutAFolder) {
  const auto seeds = ReplayCorpus(folder_ / "missing", Note, log_);
  ASSERT_FALSE(seeds);
  EXPECT_NE(seeds.error().message.find("missing"), std::string::npos);
}

}  // namespace
}  // namespace ferry::testing
