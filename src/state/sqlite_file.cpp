// SPDX-License-Identifier: Apache-2.0
#include "sqlite_file.hpp"

#include <filesystem>

namespace godwit::state {
namespace {

constexpr int lock_patience = 5000;  // milliseconds, for who reads it by hand

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

int bind(sqlite3_stmt* statement, int place, const SqliteFile::Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return sqlite3_bind_int64(statement, place, *number);
  const auto& text = std::get<std::string>(value);
  return sqlite3_bind_text(statement, place, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

}  // namespace

std::string text_at(sqlite3_stmt* row, int column) {
  const auto* text = sqlite3_column_text(row, column);
  if (text == nullptr) return {};
  return {static_cast<const char*>(static_cast<const void*>(text)),
          static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

base::Result<SqliteFile> SqliteFile::open(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) return base::fail_os(path, error.value());
  SqliteFile file;
  file.path_ = path;
  sqlite3* database = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  file.database_.reset(database);
  if (opened != SQLITE_OK) return file.failed();
  sqlite3_busy_timeout(database, lock_patience);
  // Elsewhere the daemon cannot open files (sandbox).
  if (auto set = file.run("PRAGMA temp_store=MEMORY"); !set) return std::unexpected(set.error());
  return file;
}

std::unexpected<base::Error> SqliteFile::failed() const {
  const int code = sqlite3_errcode(database_.get());
  const bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  return base::fail(damaged ? base::ErrorKind::corrupt : base::ErrorKind::io,
                    path_ + ": " + sqlite3_errmsg(database_.get()));
}

base::Result<> SqliteFile::run(const std::string& statement, std::initializer_list<Value> values,
                               const std::function<void(sqlite3_stmt*)>& row) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(database_.get(), statement.c_str(), -1, &prepared, nullptr) != SQLITE_OK) return failed();
  const std::unique_ptr<sqlite3_stmt, Finalize> holder(prepared);
  int place = 0;
  for (const auto& value : values)
    if (bind(prepared, ++place, value) != SQLITE_OK) return failed();
  int step = sqlite3_step(prepared);
  for (; step == SQLITE_ROW; step = sqlite3_step(prepared))
    if (row) row(prepared);
  if (step != SQLITE_DONE) return failed();
  return {};
}

}  // namespace godwit::state
