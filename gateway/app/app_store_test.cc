#include "gateway/app/app_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/testing/temporary_folder.h"
#include "gateway/app/sqlite.h"

namespace ferry::gateway {
namespace {

class AppStoreTest : public ::testing::Test {
 protected:
  // What an older gateway left, in SQL.
  void WriteOldStore(const char* sql) {
    const auto old =
        SqliteDatabase::Open(directory / "ferry.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    ASSERT_TRUE(old);
    ASSERT_TRUE(old->Run(sql));
  }

  const TemporaryFolder folder;
  const std::filesystem::path directory = folder.path();
};

TEST_F(AppStoreTest, ANewStoreHasTheDemoWithASecretOfItsOwn) {
  const auto store = AppStore::Open(directory / "ferry.db");
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_EQ(store->applications()->size(), 1u);
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

TEST_F(AppStoreTest, AChangeIsKnownAtOnceAndKept) {
  auto store = AppStore::Open(directory / "ferry.db");
  ASSERT_TRUE(store);
  const auto added = store->Add(0, "shop");
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->sdk_app_id, AppStore::kDemoSdkAppId + 1);
  const auto suspended = store->Set(added->sdk_app_id, {.status = ApplicationStatus::kSuspended,
                                                        .permission_control = true,
                                                        .max_users = 40,
                                                        .max_rooms = 3});
  ASSERT_TRUE(suspended) << suspended.error().message;
  EXPECT_EQ(suspended->name, "shop");
  EXPECT_EQ(suspended->secret, added->secret);
  for (const bool again : {false, true}) {
    if (again) store = AppStore::Open(directory / "ferry.db");
    const auto policy = store->Find(added->sdk_app_id);
    ASSERT_TRUE(policy);
    EXPECT_EQ(policy->status, ApplicationStatus::kSuspended);
    EXPECT_TRUE(policy->permission_control);
    EXPECT_EQ(policy->quota.max_users, 40u);
    EXPECT_EQ(policy->quota.max_rooms, 3u);
  }
  EXPECT_EQ(store->Set(added->sdk_app_id, {.max_users = 0})->quota.max_rooms, 3u);
  EXPECT_EQ(store->Find(added->sdk_app_id)->quota.max_users, 0u) << "no quota any more";
  EXPECT_FALSE(store->Set(added->sdk_app_id, {.max_rooms = AppStore::kMaxQuota + 1}));
  EXPECT_TRUE(store->Remove(added->sdk_app_id));
  EXPECT_FALSE(store->Find(added->sdk_app_id));
}

TEST_F(AppStoreTest, WhatAnotherProcessWritesIsKnownAfterARefresh) {
  auto gateway = AppStore::Open(directory / "ferry.db");
  auto other = AppStore::OpenExisting(directory / "ferry.db");
  ASSERT_TRUE(gateway && other);
  EXPECT_FALSE(gateway->Refresh().value());
  ASSERT_TRUE(other->Set(AppStore::kDemoSdkAppId, {.status = ApplicationStatus::kSuspended}));
  EXPECT_EQ(gateway->Find(AppStore::kDemoSdkAppId)->status, ApplicationStatus::kActive);
  EXPECT_TRUE(gateway->Refresh().value());
  EXPECT_EQ(gateway->Find(AppStore::kDemoSdkAppId)->status, ApplicationStatus::kSuspended);
  EXPECT_FALSE(gateway->Refresh().value());
}

TEST_F(AppStoreTest, AStoreOfTheFirstKindIsTakenOver) {
  WriteOldStore(
      "CREATE TABLE applications (sdk_app_id INTEGER PRIMARY KEY CHECK (sdk_app_id BETWEEN 1 AND "
      "4294967295), name TEXT NOT NULL, secret TEXT NOT NULL CHECK (length(secret) > 0), "
      "created_at INTEGER NOT NULL DEFAULT (unixepoch()));"
      "INSERT INTO applications (sdk_app_id, name, secret) VALUES (7, 'old', 'its secret')");
  const auto store = AppStore::Open(directory / "ferry.db");
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_EQ(store->applications()->size(), 1u) << "no demo beside it";
  const auto policy = store->Find(7);
  EXPECT_EQ(policy->secret, "its secret");
  EXPECT_EQ(policy->status, ApplicationStatus::kActive);
  EXPECT_FALSE(policy->permission_control);
  EXPECT_EQ(policy->quota.max_users, 0u);
}

TEST_F(AppStoreTest, AStoreOfTheSecondKindIsTakenOver) {
  WriteOldStore(
      "CREATE TABLE applications (sdk_app_id INTEGER PRIMARY KEY, name TEXT NOT NULL, "
      "secret TEXT NOT NULL, created_at INTEGER NOT NULL DEFAULT 0, "
      "status TEXT NOT NULL DEFAULT 'active', permission_control INTEGER NOT NULL DEFAULT 0);"
      "INSERT INTO applications (sdk_app_id, name, secret, permission_control) "
      "VALUES (7, 'old', 'its secret', 1); PRAGMA user_version = 2");
  auto store = AppStore::Open(directory / "ferry.db");
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_TRUE(store->Find(7)->permission_control);
  EXPECT_EQ(store->Set(7, {.max_users = 5})->quota.max_users, 5u);
}

TEST_F(AppStoreTest, AStoreOfANewerKindIsRefused) {
  ASSERT_TRUE(AppStore::Open(directory / "ferry.db"));
  {
    const auto newer = SqliteDatabase::Open(directory / "ferry.db", SQLITE_OPEN_READWRITE);
    ASSERT_TRUE(newer && newer->Run("PRAGMA user_version = 99"));
  }
  const auto store = AppStore::Open(directory / "ferry.db");
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("newer ferry-gateway"), std::string::npos);
}

}  // namespace
}  // namespace ferry::gateway
