// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server.
#pragma once

#include <memory>
#include <string>

#include <libpq-fe.h>

#include "godwit/lookup/database.hpp"
#include "godwit/net/idle_list.hpp"

namespace godwit::lookup {

class PostgresqlDatabase final : public Database {
 public:
  PostgresqlDatabase(std::string connection, std::string query, const base::Clock& clock)
      : connection_(std::move(connection)), query_(std::move(query)), clock_(clock) {}
  base::Result<Rows> ask(const std::vector<std::string>& parameters, base::MonoTime deadline) override;

 private:
  struct Connection {
    PGconn* handle = nullptr;
    ~Connection();
    std::string error() const;
  };
  using PgResult = std::unique_ptr<PGresult, decltype(&PQclear)>;
  base::Result<std::unique_ptr<Connection>> open(base::MonoTime deadline) const;
  base::Result<Rows> run(Connection& connection, const std::vector<std::string>& parameters,
                         base::MonoTime deadline) const;
  base::Result<PgResult> last_result(Connection& connection, base::MonoTime deadline) const;

  std::string connection_;
  std::string query_;
  const base::Clock& clock_;
  net::IdleList<Connection> idle_;
};

}  // namespace godwit::lookup
