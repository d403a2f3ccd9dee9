// SPDX-License-Identifier: Apache-2.0
#include "postgresql_database.hpp"

#include <poll.h>

#include <utility>

#include "godwit/base/text.hpp"
#include "godwit/net/blocking_socket.hpp"
#include "libpq.hpp"

namespace godwit::lookup {
namespace {

base::Result<Rows> rows_of(const PGresult& result) {
  Rows rows;
  const int columns = libpq().nfields(&result);
  const int count = libpq().ntuples(&result);
  for (int column = 0; column < columns; ++column) rows.columns.emplace_back(libpq().fname(&result, column));
  if (static_cast<std::size_t>(count) > Database::most_rows)
    return base::fail(base::ErrorKind::exhausted, "the query gives too many rows");
  for (int at = 0; at < count; ++at) {
    auto& row = rows.values.emplace_back();
    for (int column = 0; column < columns; ++column) {
      auto& value = row.emplace_back();
      if (libpq().get_isnull(&result, at, column) == 0)
        value.emplace(libpq().get_value(&result, at, column),
                      static_cast<std::size_t>(libpq().get_length(&result, at, column)));
    }
  }
  return rows;
}

}  // namespace

PostgresqlDatabase::Connection::~Connection() {
  libpq().finish(handle);
}

// libpq's messages have several lines.
std::string PostgresqlDatabase::Connection::error() const {
  std::string text(base::trim(libpq().error_message(handle)));
  for (char& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  return text.empty() ? "no connection" : text;
}

base::Result<std::unique_ptr<PostgresqlDatabase::Connection>> PostgresqlDatabase::open(base::MonoTime deadline) const {
  if (auto loaded = load_postgresql(); !loaded) return std::unexpected(loaded.error());
  auto connection = std::make_unique<Connection>();
  connection->handle = libpq().connect_start(connection_.c_str());
  if (connection->handle == nullptr) return base::fail(base::ErrorKind::exhausted, "no memory");
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  if (libpq().status(connection->handle) == CONNECTION_BAD) status = PGRES_POLLING_FAILED;
  while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
    const short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    auto ready = net::wait_ready(libpq().socket(connection->handle), events, deadline, clock_);
    if (!ready) return std::unexpected(ready.error());
    status = libpq().connect_poll(connection->handle);
  }
  if (status != PGRES_POLLING_OK) return base::fail(base::ErrorKind::io, connection->error());
  libpq().set_nonblocking(connection->handle, 1);
  // What the server wants to say beside an answer is not for our standard error.
  libpq().set_notice_processor(
      connection->handle, [](void*, const char*) {}, nullptr);
  return connection;
}

base::Result<Rows> PostgresqlDatabase::run(Connection& connection, const std::vector<std::string>& parameters,
                                           base::MonoTime deadline) const {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const auto& parameter : parameters) values.push_back(parameter.c_str());
  if (libpq().send_query_params(connection.handle, query_.c_str(), static_cast<int>(values.size()), nullptr,
                                values.data(), nullptr, nullptr, 0) != 1)
    return base::fail(base::ErrorKind::closed, connection.error());
  for (int unsent = 1; unsent != 0;) {
    unsent = libpq().flush(connection.handle);
    if (unsent < 0) return base::fail(base::ErrorKind::closed, connection.error());
    // While it does not take our bytes it may have some for us.
    if (unsent > 0) {
      auto ready = net::wait_ready(libpq().socket(connection.handle), POLLIN | POLLOUT, deadline, clock_);
      if (!ready) return std::unexpected(ready.error());
      if (libpq().consume_input(connection.handle) != 1) return base::fail(base::ErrorKind::closed, connection.error());
    }
  }
  auto result = last_result(connection, deadline);
  if (!result) return std::unexpected(result.error());
  return rows_of(**result);
}

base::Result<PostgresqlDatabase::PgResult> PostgresqlDatabase::last_result(Connection& connection,
                                                                           base::MonoTime deadline) const {
  PgResult last(nullptr, libpq().clear);
  for (;;) {
    while (libpq().is_busy(connection.handle) != 0) {
      auto ready = net::wait_ready(libpq().socket(connection.handle), POLLIN, deadline, clock_);
      if (!ready) return std::unexpected(ready.error());
      if (libpq().consume_input(connection.handle) != 1) return base::fail(base::ErrorKind::closed, connection.error());
    }
    PGresult* next = libpq().get_result(connection.handle);
    if (next == nullptr) break;
    last.reset(next);
  }
  if (libpq().status(connection.handle) != CONNECTION_OK)
    return base::fail(base::ErrorKind::closed, connection.error());
  if (!last || libpq().result_status(last.get()) != PGRES_TUPLES_OK)
    return base::fail(base::ErrorKind::invalid, connection.error());
  return last;
}

base::Result<Rows> PostgresqlDatabase::ask(const std::vector<std::string>& parameters, base::MonoTime deadline) {
  auto connection = idle_.take();
  base::Result<Rows> rows = base::fail(base::ErrorKind::closed, "");
  if (connection) rows = run(*connection, parameters, deadline);
  // One that waited for its next use may have been lost since.
  if (!rows && rows.error().kind == base::ErrorKind::closed) {
    auto opened = open(deadline);
    if (!opened) return std::unexpected(opened.error());
    connection = *std::move(opened);
    rows = run(*connection, parameters, deadline);
  }
  if (rows) idle_.give_back(std::move(connection));
  return rows;
}

base::Result<> load_postgresql() {
  return libpq().loaded();
}

std::unique_ptr<Database> make_postgresql(std::string connection, std::string query, const base::Clock& clock) {
  return std::make_unique<PostgresqlDatabase>(std::move(connection), std::move(query), clock);
}

}  // namespace godwit::lookup
