#include "gateway/app/app_store.h"

#include <openssl/rand.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <utility>

#include "core/base/hex.h"

namespace ferry::gateway {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

std::unexpected<Error> DatabaseError(sqlite3* database, const std::filesystem::path& file) {
  return Fail(ErrorCode::kInvalidArgument,
              "database " + file.string() + ": " + sqlite3_errmsg(database));
}

Result<std::string> RandomSecret() {
  std::array<unsigned char, 32> bytes;
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) {
    return Fail(ErrorCode::kUnsupported, "no randomness for a secret");
  }
  return Hex(bytes);
}

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS applications ("
    "  sdk_app_id INTEGER PRIMARY KEY CHECK (sdk_app_id BETWEEN 1 AND 4294967295),"
    "  name TEXT NOT NULL,"
    "  secret TEXT NOT NULL CHECK (length(secret) > 0),"
    "  created_at INTEGER NOT NULL DEFAULT (unixepoch()))";

bool InsertDemo(sqlite3* database, const std::string& secret) {
  sqlite3_stmt* raw = nullptr;
  // In one statement, so that two gateways starting on one file agree on one secret.
  sqlite3_prepare_v2(database,
                     "INSERT INTO applications (sdk_app_id, name, secret) SELECT ?1, 'demo', ?2 "
                     "WHERE NOT EXISTS (SELECT 1 FROM applications)",
                     -1, &raw, nullptr);
  const Statement statement(raw);
  if (!statement) return false;
  sqlite3_bind_int64(statement.get(), 1, AppStore::kDemoSdkAppId);
  sqlite3_bind_text(statement.get(), 2, secret.c_str(), -1, SQLITE_TRANSIENT);
  return sqlite3_step(statement.get()) == SQLITE_DONE;
}

constexpr int kBusyTimeoutMs = 5000;

std::string ColumnText(sqlite3_stmt* statement, int column) {
  const auto* text = sqlite3_column_text(statement, column);
  return text ? reinterpret_cast<const char*>(text) : "";
}

Result<std::vector<Application>> ReadApplications(sqlite3* database,
                                                  const std::filesystem::path& file) {
  sqlite3_stmt* raw = nullptr;
  sqlite3_prepare_v2(database, "SELECT sdk_app_id, name, secret FROM applications", -1, &raw,
                     nullptr);
  const Statement statement(raw);
  if (!statement) return DatabaseError(database, file);
  std::vector<Application> applications;
  while (sqlite3_step(statement.get()) == SQLITE_ROW) {
    applications.push_back({static_cast<uint32_t>(sqlite3_column_int64(statement.get(), 0)),
                            ColumnText(statement.get(), 1), ColumnText(statement.get(), 2)});
  }
  return applications;
}

}  // namespace

AppStore::AppStore(std::vector<Application> applications) {
  for (auto& application : applications) {
    const uint32_t id = application.sdk_app_id;
    applications_[id] = std::move(application);
  }
}

Result<AppStore> AppStore::Open(const std::filesystem::path& file) {
  // The file holds secrets: the owner's alone from its first moment.
  const mode_t previous = umask(0077);
  sqlite3* raw = nullptr;
  const int status = sqlite3_open(file.c_str(), &raw);
  const Database database(raw);
  if (status == SQLITE_OK) {
    sqlite3_busy_timeout(raw, kBusyTimeoutMs);
    sqlite3_exec(raw, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
  }
  const bool ready =
      status == SQLITE_OK && sqlite3_exec(raw, kSchema, nullptr, nullptr, nullptr) == SQLITE_OK;
  umask(previous);
  if (!ready) return DatabaseError(raw, file);
  const auto secret = RandomSecret();
  if (!secret) return std::unexpected(secret.error());
  if (!InsertDemo(raw, *secret)) return DatabaseError(raw, file);
  auto applications = ReadApplications(raw, file);
  if (!applications) return std::unexpected(applications.error());
  return AppStore(std::move(*applications));
}

Result<AppStore> AppStore::OpenExisting(const std::filesystem::path& file) {
  std::error_code unreadable;
  if (!std::filesystem::exists(file, unreadable) && !unreadable) {
    return Fail(ErrorCode::kNotFound, "there is no database " + file.string() +
                                          "; give the data-dir of a gateway that has been started");
  }
  sqlite3* raw = nullptr;
  const int status = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  const Database database(raw);
  if (status != SQLITE_OK) return DatabaseError(raw, file);
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  auto applications = ReadApplications(raw, file);
  if (!applications) return std::unexpected(applications.error());
  return AppStore(std::move(*applications));
}

std::optional<AppPolicy> AppStore::Find(uint32_t sdk_app_id) const {
  const auto found = applications_.find(sdk_app_id);
  if (found == applications_.end()) return std::nullopt;
  return AppPolicy{.secret = found->second.secret};
}

}  // namespace ferry::gateway
