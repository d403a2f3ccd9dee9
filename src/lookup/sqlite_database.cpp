// SPDX-License-Identifier: Apache-2.0
#include "sqlite_database.hpp"

#include <sys/stat.h>

#include <utility>

#include <fmt/format.h>

namespace godwit::lookup {
namespace {

constexpr int lock_patience = 1000;      // milliseconds, for who writes
constexpr int operations_a_look = 4000;  // of SQLite's machine, between two looks at the clock

std::optional<std::string> value_at(sqlite3_stmt* query, int column) {
  if (sqlite3_column_type(query, column) == SQLITE_NULL) return std::nullopt;
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(query, column));
  return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(query, column)));
}

// Device and inode; nothing: it is not there.
std::optional<std::pair<std::uint64_t, std::uint64_t>> file_at(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return std::pair<std::uint64_t, std::uint64_t>(status.st_dev, status.st_ino);
}

}  // namespace

base::Result<std::unique_ptr<SqliteDatabase::Connection>> SqliteDatabase::open(base::MonoTime deadline) const {
  auto connection = std::make_unique<Connection>();
  connection->clock = &clock_;
  connection->deadline = deadline;
  connection->file = file_at(path_).value_or(connection->file);
  const auto failed = [&] {
    return base::fail(base::ErrorKind::io, path_ + ": " + sqlite3_errmsg(connection->handle));
  };
  const int opened =
      sqlite3_open_v2(path_.c_str(), &connection->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  if (opened != SQLITE_OK) return failed();
  sqlite3_busy_timeout(connection->handle, lock_patience);
  // Elsewhere the daemon cannot open files (sandbox).
  if (sqlite3_exec(connection->handle, "PRAGMA temp_store=MEMORY", nullptr, nullptr, nullptr) != SQLITE_OK)
    return failed();
  const auto is_late = [](void* context) {
    const auto* self = static_cast<const Connection*>(context);
    return self->clock->mono() >= self->deadline ? 1 : 0;
  };
  sqlite3_progress_handler(connection->handle, operations_a_look, is_late, connection.get());
  if (sqlite3_prepare_v2(connection->handle, query_.c_str(), -1, &connection->query, nullptr) != SQLITE_OK)
    return failed();
  return connection;
}

base::Result<Rows> SqliteDatabase::run(Connection& connection, const std::vector<std::string>& parameters) const {
  sqlite3_stmt* const query = connection.query;
  if (sqlite3_bind_parameter_count(query) != static_cast<int>(parameters.size()))
    return base::fail(base::ErrorKind::invalid, fmt::format("the query has {} parameters, not {}: ?1, $1 or :name",
                                                            sqlite3_bind_parameter_count(query), parameters.size()));
  for (std::size_t i = 0; i < parameters.size(); ++i)
    sqlite3_bind_text(query, static_cast<int>(i + 1), parameters[i].data(), static_cast<int>(parameters[i].size()),
                      SQLITE_TRANSIENT);
  Rows rows;
  const int columns = sqlite3_column_count(query);
  for (int column = 0; column < columns; ++column) rows.columns.emplace_back(sqlite3_column_name(query, column));
  int step = sqlite3_step(query);
  for (; step == SQLITE_ROW && rows.values.size() < most_rows; step = sqlite3_step(query)) {
    auto& row = rows.values.emplace_back();
    for (int column = 0; column < columns; ++column) row.push_back(value_at(query, column));
  }
  base::Result<Rows> result = std::move(rows);
  if (step == SQLITE_ROW)
    result = base::fail(base::ErrorKind::exhausted, "the query gives too many rows");
  else if (step != SQLITE_DONE)
    result = base::fail(step == SQLITE_INTERRUPT ? base::ErrorKind::timed_out : base::ErrorKind::io,
                        path_ + ": " + sqlite3_errmsg(connection.handle));
  sqlite3_reset(query);
  sqlite3_clear_bindings(query);
  return result;
}

base::Result<Rows> SqliteDatabase::ask(const std::vector<std::string>& parameters, base::MonoTime deadline) {
  auto connection = idle_.take();
  if (!connection || file_at(path_) != connection->file) {
    auto opened = open(deadline);
    if (!opened) return std::unexpected(opened.error());
    connection = *std::move(opened);
  }
  connection->deadline = deadline;
  auto rows = run(*connection, parameters);
  if (rows) idle_.give_back(std::move(connection));
  return rows;
}

std::unique_ptr<Database> make_sqlite(std::string path, std::string query, const base::Clock& clock) {
  return std::make_unique<SqliteDatabase>(std::move(path), std::move(query), clock);
}

}  // namespace godwit::lookup
