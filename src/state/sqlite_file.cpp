// SPDX-License-Identifier: Apache-2.0
#include "sqlite_file.hpp"

#include <filesystem>

#include "godwit/base/kept_time.hpp"

namespace godwit::state {
namespace {

constexpr int lock_patience = 5000;  // milliseconds, for who reads it by hand

int bind_value(sqlite3_stmt* statement, int place, const SqliteFile::Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return sqlite3_bind_int64(statement, place, *number);
  const auto& text = std::get<std::string>(value);
  return sqlite3_bind_text(statement, place, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

base::ErrorKind kind_of(int code) {
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) return base::ErrorKind::corrupt;
  return code == SQLITE_ERROR ? base::ErrorKind::invalid : base::ErrorKind::io;
}

std::unexpected<base::Error> failed(sqlite3* database) {
  const auto* path = sqlite3_db_filename(database, "main");
  return base::fail(kind_of(sqlite3_errcode(database)),
                    std::string(path == nullptr ? "" : path) + ": " + sqlite3_errmsg(database));
}

}  // namespace

std::string text_at(sqlite3_stmt* row, int column) {
  const auto* text = sqlite3_column_text(row, column);
  if (text == nullptr) return {};
  return {static_cast<const char*>(static_cast<const void*>(text)),
          static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

base::WallTime time_at(sqlite3_stmt* row, int column) {
  return base::kept_second(sqlite3_column_int64(row, column));
}

std::string_view bytes_at(sqlite3_stmt* row, int column) {
  const auto* bytes = sqlite3_column_blob(row, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

base::Result<> SqliteStatement::run(const Row& row) {
  auto* statement = statement_.get();
  int step = sqlite3_step(statement);
  for (; step == SQLITE_ROW; step = sqlite3_step(statement))
    if (row) row(statement);
  base::Result<> done;
  if (step != SQLITE_DONE) done = failed(sqlite3_db_handle(statement));
  sqlite3_reset(statement);
  return done;
}

base::Result<SqliteFile> SqliteFile::open(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) return base::fail_os(path, error.value());
  SqliteFile file;
  sqlite3* database = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  file.database_.reset(database);
  if (opened != SQLITE_OK) return base::fail(kind_of(opened), path + ": " + sqlite3_errmsg(database));
  sqlite3_busy_timeout(database, lock_patience);
  // Nothing that lies in the file is run: what is no table of ours is an error.
  for (const int what : {SQLITE_DBCONFIG_ENABLE_VIEW, SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_TRUSTED_SCHEMA})
    sqlite3_db_config(database, what, 0, nullptr);
  // Elsewhere the daemon cannot open files (sandbox).
  if (auto set = file.run("PRAGMA temp_store=MEMORY"); !set) return std::unexpected(set.error());
  return file;
}

base::Result<SqliteStatement> SqliteFile::prepare(const std::string& statement) {
  SqliteStatement prepared;
  sqlite3_stmt* made = nullptr;
  if (sqlite3_prepare_v2(database_.get(), statement.c_str(), -1, &made, nullptr) != SQLITE_OK)
    return failed(database_.get());
  prepared.statement_.reset(made);
  return prepared;
}

base::Result<> SqliteFile::run(const std::string& statement, std::initializer_list<Value> values,
                               const SqliteStatement::Row& row) {
  auto prepared = prepare(statement);
  if (!prepared) return std::unexpected(prepared.error());
  int place = 0;
  for (const auto& value : values)
    if (bind_value(prepared->statement_.get(), ++place, value) != SQLITE_OK) return failed(database_.get());
  return prepared->run(row);
}

}  // namespace godwit::state
