// SPDX-License-Identifier: Apache-2.0
#include "postgresql_store.hpp"

#include <poll.h>

#include <utility>

#include "godwit/base/text.hpp"
#include "local_socket.hpp"
#include "sql_entry.hpp"

namespace godwit::auth {

// libpq's messages have several lines.
std::string PostgresqlStore::Connection::error() const {
  std::string text(base::trim(PQerrorMessage(handle)));
  for (char& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  return text.empty() ? "no connection" : text;
}

base::Result<std::unique_ptr<PostgresqlStore::Connection>> PostgresqlStore::open(base::MonoTime deadline) {
  auto connection = std::make_unique<Connection>();
  connection->handle = PQconnectStart(settings_.connection.c_str());
  if (connection->handle == nullptr) return base::fail(base::ErrorKind::exhausted, "no memory");
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  if (PQstatus(connection->handle) == CONNECTION_BAD) status = PGRES_POLLING_FAILED;
  while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
    const short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    auto ready = wait_ready(PQsocket(connection->handle), events, deadline, parts_.clock);
    if (!ready) return std::unexpected(ready.error());
    status = PQconnectPoll(connection->handle);
  }
  if (status != PGRES_POLLING_OK) return base::fail(base::ErrorKind::io, connection->error());
  PQsetnonblocking(connection->handle, 1);
  // What the server wants to say beside an answer is not for our standard error.
  PQsetNoticeProcessor(
      connection->handle, [](void*, const char*) {}, nullptr);
  return connection;
}

base::Result<> PostgresqlStore::probe() {
  const auto until = deadline();
  auto opened = open(until);
  if (!opened) return std::unexpected(opened.error());
  auto rows = query(**opened, "postmaster@example.com", until);
  if (!rows) return std::unexpected(rows.error());
  const Answer answer = answer_of(**rows, "postmaster@example.com");
  if (answer.kind == Answer::Kind::unavailable) return base::fail(base::ErrorKind::invalid, answer.reason);
  return {};
}

base::Result<PostgresqlStore::Rows> PostgresqlStore::query(Connection& connection, const std::string& user,
                                                           base::MonoTime deadline) {
  const char* values[] = {user.c_str()};
  if (PQsendQueryParams(connection.handle, settings_.query.c_str(), 1, nullptr, values, nullptr, nullptr, 0) != 1)
    return base::fail(base::ErrorKind::closed, connection.error());
  for (int unsent = 1; unsent != 0;) {
    unsent = PQflush(connection.handle);
    if (unsent < 0) return base::fail(base::ErrorKind::closed, connection.error());
    // While it does not take our bytes it may have some for us.
    if (unsent > 0) {
      auto ready = wait_ready(PQsocket(connection.handle), POLLIN | POLLOUT, deadline, parts_.clock);
      if (!ready) return std::unexpected(ready.error());
      if (PQconsumeInput(connection.handle) != 1) return base::fail(base::ErrorKind::closed, connection.error());
    }
  }
  return last_result(connection, deadline);
}

base::Result<PostgresqlStore::Rows> PostgresqlStore::last_result(Connection& connection, base::MonoTime deadline) {
  Rows last(nullptr, PQclear);
  for (;;) {
    while (PQisBusy(connection.handle) != 0) {
      auto ready = wait_ready(PQsocket(connection.handle), POLLIN, deadline, parts_.clock);
      if (!ready) return std::unexpected(ready.error());
      if (PQconsumeInput(connection.handle) != 1) return base::fail(base::ErrorKind::closed, connection.error());
    }
    PGresult* next = PQgetResult(connection.handle);
    if (next == nullptr) break;
    last.reset(next);
  }
  if (PQstatus(connection.handle) != CONNECTION_OK) return base::fail(base::ErrorKind::closed, connection.error());
  if (!last || PQresultStatus(last.get()) != PGRES_TUPLES_OK)
    return base::fail(base::ErrorKind::invalid, connection.error());
  return last;
}

Answer PostgresqlStore::answer_of(const PGresult& rows, const std::string& user) const {
  Account account{.name = user, .password = {}, .senders = {}};
  bool any = false;
  for (int column = 0; column < PQnfields(&rows); ++column) {
    std::optional<std::string> value;
    if (PQntuples(&rows) == 1 && PQgetisnull(&rows, 0, column) == 0)
      value.emplace(PQgetvalue(&rows, 0, column), static_cast<std::size_t>(PQgetlength(&rows, 0, column)));
    any = take_column(account, PQfname(&rows, column), value) || any;
  }
  if (!any) return unavailable("the query gives no column password or scram");
  if (PQntuples(&rows) > 1) return unavailable("the query gives several rows");
  return PQntuples(&rows) == 0 ? Answer() : entry_of(std::move(account));
}

Answer PostgresqlStore::look_up(const Login& login, base::MonoTime deadline) {
  auto connection = idle_.take();
  base::Result<Rows> rows = base::fail(base::ErrorKind::closed, "");
  if (connection) rows = query(*connection, login.user, deadline);
  // One that waited for its next use may have been lost since.
  if (!rows && rows.error().kind == base::ErrorKind::closed) {
    auto opened = open(deadline);
    if (!opened) return unavailable(opened.error().message);
    connection = *std::move(opened);
    rows = query(*connection, login.user, deadline);
  }
  if (!rows) return unavailable(rows.error().message);
  Answer answer = answer_of(**rows, login.user);
  idle_.give_back(std::move(connection));
  return answer;
}

}  // namespace godwit::auth
