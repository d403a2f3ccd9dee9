// SPDX-License-Identifier: Apache-2.0
#include "sqlite_store.hpp"

#include <utility>

#include "sql_entry.hpp"

namespace godwit::auth {
namespace {

constexpr int lock_patience = 1000;      // milliseconds, for who writes
constexpr int operations_a_look = 4000;  // of SQLite's machine, between two looks at the clock

std::optional<std::string> value_at(sqlite3_stmt* query, int column) {
  if (sqlite3_column_type(query, column) == SQLITE_NULL) return std::nullopt;
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(query, column));
  return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(query, column)));
}

}  // namespace

base::Result<std::unique_ptr<SqliteStore::Connection>> SqliteStore::open() {
  auto connection = std::make_unique<Connection>();
  connection->clock = &parts_.clock;
  const auto failed = [&] {
    return base::fail(base::ErrorKind::io, settings_.path + ": " + sqlite3_errmsg(connection->handle));
  };
  const int opened =
      sqlite3_open_v2(settings_.path.c_str(), &connection->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  if (opened != SQLITE_OK) return failed();
  sqlite3_busy_timeout(connection->handle, lock_patience);
  const auto is_late = [](void* context) {
    const auto* self = static_cast<const Connection*>(context);
    return self->clock->mono() >= self->deadline ? 1 : 0;
  };
  connection->deadline = deadline();
  sqlite3_progress_handler(connection->handle, operations_a_look, is_late, connection.get());
  if (sqlite3_prepare_v2(connection->handle, settings_.query.c_str(), -1, &connection->query, nullptr) != SQLITE_OK)
    return failed();
  if (sqlite3_bind_parameter_count(connection->query) != 1)
    return base::fail(base::ErrorKind::invalid, "the query has one parameter, the user: ?1, $1 or :user");
  Account nobody;
  bool any = false;
  for (int column = 0; column < sqlite3_column_count(connection->query); ++column)
    any = take_column(nobody, sqlite3_column_name(connection->query, column), {}) || any;
  if (!any) return base::fail(base::ErrorKind::invalid, "the query gives no column password or scram");
  return connection;
}

base::Result<> SqliteStore::probe() {
  auto opened = open();
  if (!opened) return std::unexpected(opened.error());
  return {};
}

Answer SqliteStore::ask_database(Connection& connection, const std::string& user, base::MonoTime deadline) {
  connection.deadline = deadline;
  sqlite3_stmt* const query = connection.query;
  sqlite3_bind_text(query, 1, user.data(), static_cast<int>(user.size()), SQLITE_TRANSIENT);
  Answer answer;
  Account account{.name = user, .password = {}, .senders = {}};
  int step = sqlite3_step(query);
  if (step == SQLITE_ROW) {
    for (int column = 0; column < sqlite3_column_count(query); ++column)
      take_column(account, sqlite3_column_name(query, column), value_at(query, column));
    answer = entry_of(std::move(account));
    step = sqlite3_step(query);
    if (step == SQLITE_ROW) answer = unavailable("the query gives several rows");
  }
  if (step != SQLITE_DONE && step != SQLITE_ROW) answer = unavailable(sqlite3_errmsg(connection.handle));
  sqlite3_reset(query);
  sqlite3_clear_bindings(query);
  return answer;
}

Answer SqliteStore::look_up(const Login& login, base::MonoTime deadline) {
  auto connection = idle_.take();
  if (!connection) {
    auto opened = open();
    if (!opened) return unavailable(opened.error().message);
    connection = *std::move(opened);
  }
  Answer answer = ask_database(*connection, login.user, deadline);
  if (answer.kind != Answer::Kind::unavailable) idle_.give_back(std::move(connection));
  return answer;
}

}  // namespace godwit::auth
