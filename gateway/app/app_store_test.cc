#include "gateway/app/app_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace ferry::gateway {
namespace {

class AppStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "ferry-store-test-XXXXXX");
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory); }
  std::filesystem::path directory;
};

TEST_F(AppStoreTest, ANewStoreHasTheDemoWithASecretOfItsOwn) {
  const auto store = AppStore::Open(directory / "ferry.db");
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_EQ(store->applications().size(), 1u);
  const auto secret = store->Find(AppStore::kDemoSdkAppId)->secret;
  EXPECT_EQ(secret.size(), 64u);
  EXPECT_EQ(secret.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(AppStore::Open(directory / "other.db")->Find(AppStore::kDemoSdkAppId)->secret, secret);
}

TEST_F(AppStoreTest, KeepsItsSecret) {
  const auto first = AppStore::Open(directory / "ferry.db")->Find(AppStore::kDemoSdkAppId)->secret;
  EXPECT_EQ(AppStore::Open(directory / "ferry.db")->Find(AppStore::kDemoSdkAppId)->secret, first);
}

TEST_F(AppStoreTest, AnExistingStoreIsTheGateways) {
  const auto made = AppStore::Open(directory / "ferry.db")->Find(AppStore::kDemoSdkAppId)->secret;
  const auto found = AppStore::OpenExisting(directory / "ferry.db");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->Find(AppStore::kDemoSdkAppId)->secret, made);
}

TEST_F(AppStoreTest, AStoreThatShouldExistIsNotMade) {
  const auto store = AppStore::OpenExisting(directory / "ferry.db");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kNotFound);
  EXPECT_NE(store.error().message.find(directory / "ferry.db"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(directory));
}

TEST_F(AppStoreTest, TheFileIsTheOwnersAlone) {
  ASSERT_TRUE(AppStore::Open(directory / "ferry.db"));
  EXPECT_EQ(std::filesystem::status(directory / "ferry.db").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(AppStoreTest, AFileThatIsNoDatabaseIsNamed) {
  std::ofstream(directory / "ferry.db") << std::string(4096, 'x');
  const auto store = AppStore::Open(directory / "ferry.db");
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("ferry.db"), std::string::npos);
}

}  // namespace
}  // namespace ferry::gateway
