// SQLite with values that free themselves, and errors as the house has them.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace ferry::gateway {

// One prepared statement.
class SqliteStatement {
 public:
  SqliteStatement(sqlite3* database, std::string_view sql) : database_(database) {
    sqlite3_stmt* raw = nullptr;
    sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
    statement_.reset(raw);
  }
  // In the order of the question marks, from 1.
  SqliteStatement& Bind(int64_t value) {
    sqlite3_bind_int64(statement_.get(), ++bound_, value);
    return *this;
  }
  SqliteStatement& Bind(const std::string& value) {
    sqlite3_bind_text(statement_.get(), ++bound_, value.data(), static_cast<int>(value.size()),
                      SQLITE_TRANSIENT);
    return *this;
  }
  // SQLITE_ROW, SQLITE_DONE or an error.
  int Step() { return statement_ ? sqlite3_step(statement_.get()) : sqlite3_errcode(database_); }
  int64_t Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string Text(int column) const {
    const auto* text = sqlite3_column_text(statement_.get(), column);
    return text ? reinterpret_cast<const char*>(text) : "";
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

class SqliteDatabase {
 public:
  // How long a writer waits for another one.
  static constexpr int kBusyTimeoutMs = 5000;

  static Result<SqliteDatabase> Open(const std::filesystem::path& file, int flags) {
    SqliteDatabase database(file);
    sqlite3* raw = nullptr;
    const int status = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
    database.handle_.reset(raw);
    if (status != SQLITE_OK) return database.Failure();
    sqlite3_busy_timeout(raw, kBusyTimeoutMs);
    return database;
  }

  SqliteStatement Prepare(std::string_view sql) const { return {handle_.get(), sql}; }
  Result<void> Run(const char* sql) const {
    if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return Failure();
  }
  // Rows changed by the last statement.
  int changes() const { return sqlite3_changes(handle_.get()); }
  // Of the last call.
  bool constraint_failed() const { return sqlite3_errcode(handle_.get()) == SQLITE_CONSTRAINT; }
  std::unexpected<Error> Failure() const {
    return Fail(ErrorCode::kInvalidArgument,
                "database " + file_.string() + ": " + sqlite3_errmsg(handle_.get()));
  }
  const std::filesystem::path& file() const { return file_; }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
  };
  explicit SqliteDatabase(std::filesystem::path file) : file_(std::move(file)) {}

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace ferry::gateway
