#include "gateway/app/app_store.h"

#include <openssl/rand.h>
#include <sys/stat.h>

#include <array>
#include <mutex>
#include <utility>

#include "core/base/hex.h"
#include "gateway/app/sqlite.h"

namespace ferry::gateway {
namespace {

constexpr int64_t kSchemaVersion = 3;

// Of version 1, which had no number.
constexpr const char* kFirstSchema =
    "CREATE TABLE IF NOT EXISTS applications ("
    "  sdk_app_id INTEGER PRIMARY KEY CHECK (sdk_app_id BETWEEN 1 AND 4294967295),"
    "  name TEXT NOT NULL,"
    "  secret TEXT NOT NULL CHECK (length(secret) > 0),"
    "  created_at INTEGER NOT NULL DEFAULT (unixepoch()))";
constexpr const char* kSecondSchema =
    "ALTER TABLE applications ADD COLUMN status TEXT NOT NULL DEFAULT 'active'"
    "  CHECK (status IN ('active', 'suspended'));"
    "ALTER TABLE applications ADD COLUMN permission_control INTEGER NOT NULL DEFAULT 0"
    "  CHECK (permission_control IN (0, 1));"
    "PRAGMA user_version = 2";
constexpr const char* kThirdSchema =
    "ALTER TABLE applications ADD COLUMN max_users INTEGER NOT NULL DEFAULT 0"
    "  CHECK (max_users >= 0);"
    "ALTER TABLE applications ADD COLUMN max_rooms INTEGER NOT NULL DEFAULT 0"
    "  CHECK (max_rooms >= 0);"
    "PRAGMA user_version = 3";

Result<std::string> RandomSecret() {
  std::array<unsigned char, 32> bytes;
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) {
    return Fail(ErrorCode::kUnsupported, "no randomness for a secret");
  }
  return Hex(bytes);
}

int64_t ReadNumber(const SqliteDatabase& database, std::string_view pragma) {
  SqliteStatement statement = database.Prepare(pragma);
  return statement.Step() == SQLITE_ROW ? statement.Int(0) : 0;
}

// In one transaction, so that two gateways that start on one file agree on one schema and one
// secret.
Result<void> Prepare(const SqliteDatabase& database, bool with_demo) {
  const int64_t version = ReadNumber(database, "PRAGMA user_version");
  if (version > kSchemaVersion) {
    return Fail(ErrorCode::kUnsupported, "database " + database.file().string() +
                                             " was made by a newer ferry-gateway than this");
  }
  if (auto first = database.Run(kFirstSchema); !first) return first;
  if (version < 2) {
    if (auto second = database.Run(kSecondSchema); !second) return second;
  }
  if (version < 3) {
    if (auto third = database.Run(kThirdSchema); !third) return third;
  }
  if (!with_demo) return {};
  const auto secret = RandomSecret();
  if (!secret) return std::unexpected(secret.error());
  SqliteStatement insert = database.Prepare(
      "INSERT INTO applications (sdk_app_id, name, secret) SELECT ?1, 'demo', ?2 "
      "WHERE NOT EXISTS (SELECT 1 FROM applications)");
  if (insert.Bind(AppStore::kDemoSdkAppId).Bind(*secret).Step() != SQLITE_DONE) {
    return database.Failure();
  }
  return {};
}

Result<AppStore::Applications> Read(const SqliteDatabase& database) {
  SqliteStatement rows = database.Prepare(
      "SELECT sdk_app_id, name, secret, status, permission_control, max_users, max_rooms "
      "FROM applications");
  AppStore::Applications applications;
  int status = rows.Step();
  for (; status == SQLITE_ROW; status = rows.Step()) {
    const auto id = static_cast<uint32_t>(rows.Int(0));
    applications[id] = {
        .sdk_app_id = id,
        .name = rows.Text(1),
        .secret = rows.Text(2),
        .status = ParseApplicationStatus(rows.Text(3)).value_or(ApplicationStatus::kSuspended),
        .permission_control = rows.Int(4) != 0,
        .quota = {.max_users = static_cast<size_t>(rows.Int(5)),
                  .max_rooms = static_cast<size_t>(rows.Int(6))}};
  }
  if (status != SQLITE_DONE) return database.Failure();
  return applications;
}

Result<void> CheckName(const std::string& name) {
  if (!name.empty() && name.size() <= AppStore::kMaxNameBytes) return {};
  return Fail(ErrorCode::kInvalidArgument, "an application's name has 1 to " +
                                               std::to_string(AppStore::kMaxNameBytes) +
                                               " bytes, this one " + std::to_string(name.size()));
}

Result<void> CheckQuota(const std::optional<size_t>& quota) {
  if (!quota || *quota <= AppStore::kMaxQuota) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "a quota is at most " + std::to_string(AppStore::kMaxQuota) +
                  " (0: as much as there is), not " + std::to_string(*quota));
}

// For a statement that keeps what is there.
int64_t OrMinusOne(const std::optional<size_t>& number) {
  return number ? static_cast<int64_t>(*number) : -1;
}

std::unexpected<Error> NoSuch(uint32_t sdk_app_id) {
  return Fail(ErrorCode::kNotFound, "there is no application " + std::to_string(sdk_app_id));
}

}  // namespace

std::string_view Name(ApplicationStatus status) {
  return status == ApplicationStatus::kActive ? "active" : "suspended";
}

std::optional<ApplicationStatus> ParseApplicationStatus(std::string_view name) {
  if (name == "active") return ApplicationStatus::kActive;
  if (name == "suspended") return ApplicationStatus::kSuspended;
  return std::nullopt;
}

struct AppStore::State {
  std::mutex database_mutex;  // held while the disk is
  std::optional<SqliteDatabase> database;
  int64_t data_version = 0;
  mutable std::mutex mutex;  // of what follows: for a moment
  std::shared_ptr<const Applications> applications = std::make_shared<const Applications>();

  void Use(Applications read) {
    auto next = std::make_shared<const Applications>(std::move(read));
    const std::lock_guard lock(mutex);
    applications = std::move(next);
  }
  std::shared_ptr<const Applications> Now() const {
    const std::lock_guard lock(mutex);
    return applications;
  }
  // With the database's mutex held, as what follows.
  Result<void> ReadAgain() {
    auto read = Read(*database);
    if (!read) return std::unexpected(read.error());
    Use(std::move(*read));
    return {};
  }
  Result<void> HasFile() const {
    if (database) return {};
    return Fail(ErrorCode::kUnsupported, "these applications are in no file");
  }
  // What is known of it once `statement` is done, which must have changed it.
  Result<Application> Change(SqliteStatement& statement, uint32_t sdk_app_id) {
    if (statement.Step() != SQLITE_DONE) return database->Failure();
    if (database->changes() == 0) return NoSuch(sdk_app_id);
    if (auto read = ReadAgain(); !read) return std::unexpected(read.error());
    const auto all = Now();
    const auto found = all->find(sdk_app_id);
    return found == all->end() ? Application{} : found->second;
  }
};

AppStore::AppStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
AppStore::~AppStore() = default;
AppStore::AppStore(AppStore&&) noexcept = default;
AppStore& AppStore::operator=(AppStore&&) noexcept = default;

AppStore::AppStore(std::vector<Application> applications) : state_(std::make_unique<State>()) {
  Applications all;
  for (auto& application : applications) {
    const uint32_t id = application.sdk_app_id;
    all[id] = std::move(application);
  }
  state_->Use(std::move(all));
}

Result<AppStore> AppStore::Open(const std::filesystem::path& file) {
  // The file holds secrets: the owner's alone from its first moment.
  const mode_t previous = umask(0077);
  auto store = OpenFile(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, /*with_demo=*/true);
  umask(previous);
  return store;
}

Result<AppStore> AppStore::OpenExisting(const std::filesystem::path& file) {
  std::error_code unreadable;
  if (!std::filesystem::exists(file, unreadable) && !unreadable) {
    return Fail(ErrorCode::kNotFound, "there is no database " + file.string() +
                                          "; give the data-dir of a gateway that has been started");
  }
  return OpenFile(file, SQLITE_OPEN_READWRITE, /*with_demo=*/false);
}

Result<AppStore> AppStore::OpenFile(const std::filesystem::path& file, int flags, bool with_demo) {
  auto database = SqliteDatabase::Open(file, flags);
  if (!database) return std::unexpected(database.error());
  if (auto wal = database->Run("PRAGMA journal_mode=WAL"); !wal) {
    return std::unexpected(wal.error());
  }
  if (auto begun = database->Run("BEGIN IMMEDIATE"); !begun) return std::unexpected(begun.error());
  if (auto prepared = Prepare(*database, with_demo); !prepared) {
    return std::unexpected(prepared.error());  // closing rolls back
  }
  if (auto done = database->Run("COMMIT"); !done) return std::unexpected(done.error());
  auto state = std::make_unique<State>();
  state->data_version = ReadNumber(*database, "PRAGMA data_version");
  state->database = std::move(*database);
  if (auto read = state->ReadAgain(); !read) return std::unexpected(read.error());
  return AppStore(std::move(state));
}

std::optional<AppPolicy> AppStore::Find(uint32_t sdk_app_id) const {
  const auto all = state_->Now();
  const auto found = all->find(sdk_app_id);
  if (found == all->end()) return std::nullopt;
  const Application& application = found->second;
  return AppPolicy{.secret = application.secret,
                   .status = application.status,
                   .permission_control = application.permission_control,
                   .quota = application.quota};
}

std::shared_ptr<const AppStore::Applications> AppStore::applications() const {
  return state_->Now();
}

Result<Application> AppStore::Add(uint32_t sdk_app_id, const std::string& name) {
  if (auto good = CheckName(name); !good) return std::unexpected(good.error());
  const auto secret = RandomSecret();
  if (!secret) return std::unexpected(secret.error());
  const std::lock_guard lock(state_->database_mutex);
  if (auto file = state_->HasFile(); !file) return std::unexpected(file.error());
  SqliteStatement insert = state_->database->Prepare(
      "INSERT INTO applications (sdk_app_id, name, secret) SELECT "
      "CASE ?1 WHEN 0 THEN max(coalesce(max(sdk_app_id) + 1, 0), ?2) ELSE ?1 END, ?3, ?4 "
      "FROM applications RETURNING sdk_app_id");
  insert.Bind(int64_t{sdk_app_id}).Bind(int64_t{kDemoSdkAppId}).Bind(name).Bind(*secret);
  const int status = insert.Step();
  if (status != SQLITE_ROW && state_->database->constraint_failed()) {
    return Fail(ErrorCode::kInvalidArgument,
                sdk_app_id == 0
                    ? "there is no sdkAppId left: give one"
                    : "there is an application " + std::to_string(sdk_app_id) + " already");
  }
  if (status != SQLITE_ROW) return state_->database->Failure();
  const auto id = static_cast<uint32_t>(insert.Int(0));
  if (insert.Step() != SQLITE_DONE) return state_->database->Failure();
  if (auto read = state_->ReadAgain(); !read) return std::unexpected(read.error());
  return state_->Now()->at(id);
}

Result<Application> AppStore::Set(uint32_t sdk_app_id, const ApplicationChange& change) {
  if (change.name) {
    if (auto good = CheckName(*change.name); !good) return std::unexpected(good.error());
  }
  for (const auto& quota : {change.max_users, change.max_rooms}) {
    if (auto good = CheckQuota(quota); !good) return std::unexpected(good.error());
  }
  std::string secret;
  if (change.new_secret) {
    auto made = RandomSecret();
    if (!made) return std::unexpected(made.error());
    secret = std::move(*made);
  }
  const std::lock_guard lock(state_->database_mutex);
  if (auto file = state_->HasFile(); !file) return std::unexpected(file.error());
  SqliteStatement update = state_->database->Prepare(
      "UPDATE applications SET name = CASE ?1 WHEN '' THEN name ELSE ?1 END, "
      "status = CASE ?2 WHEN '' THEN status ELSE ?2 END, "
      "permission_control = CASE ?3 WHEN -1 THEN permission_control ELSE ?3 END, "
      "secret = CASE ?4 WHEN '' THEN secret ELSE ?4 END, "
      "max_users = CASE ?5 WHEN -1 THEN max_users ELSE ?5 END, "
      "max_rooms = CASE ?6 WHEN -1 THEN max_rooms ELSE ?6 END WHERE sdk_app_id = ?7");
  update.Bind(change.name.value_or(""))
      .Bind(std::string(change.status ? Name(*change.status) : ""))
      .Bind(change.permission_control ? int64_t{*change.permission_control} : int64_t{-1})
      .Bind(secret)
      .Bind(OrMinusOne(change.max_users))
      .Bind(OrMinusOne(change.max_rooms))
      .Bind(int64_t{sdk_app_id});
  return state_->Change(update, sdk_app_id);
}

Result<void> AppStore::Remove(uint32_t sdk_app_id) {
  const std::lock_guard lock(state_->database_mutex);
  if (auto file = state_->HasFile(); !file) return file;
  SqliteStatement remove =
      state_->database->Prepare("DELETE FROM applications WHERE sdk_app_id = ?1");
  remove.Bind(int64_t{sdk_app_id});
  auto removed = state_->Change(remove, sdk_app_id);
  if (!removed) return std::unexpected(removed.error());
  return {};
}

Result<bool> AppStore::Refresh() {
  const std::lock_guard lock(state_->database_mutex);
  if (!state_->database) return false;
  const int64_t version = ReadNumber(*state_->database, "PRAGMA data_version");
  if (version == state_->data_version) return false;
  if (auto read = state_->ReadAgain(); !read) return std::unexpected(read.error());
  state_->data_version = version;
  return true;
}

}  // namespace ferry::gateway
