// SPDX-License-Identifier: Apache-2.0
// A table of PostgreSQL, asked by a query with one parameter ($1: the user's address).  Connections are kept and made
// anew where they were lost.
#pragma once

#include <memory>
#include <string>

#include <libpq-fe.h>

#include "blocking_store.hpp"
#include "idle_list.hpp"

namespace godwit::auth {

class PostgresqlStore final : public BlockingStore {
 public:
  using BlockingStore::BlockingStore;
  bool serves_scram() const override { return settings_.scram; }
  base::Result<> probe() override;

 protected:
  Answer look_up(const Login& login, base::MonoTime deadline) override;

 private:
  struct Connection {
    PGconn* handle = nullptr;
    ~Connection() { PQfinish(handle); }
    std::string error() const;
  };
  using Rows = std::unique_ptr<PGresult, decltype(&PQclear)>;
  base::Result<std::unique_ptr<Connection>> open(base::MonoTime deadline);
  base::Result<Rows> query(Connection& connection, const std::string& user, base::MonoTime deadline);
  base::Result<Rows> last_result(Connection& connection, base::MonoTime deadline);
  Answer answer_of(const PGresult& rows, const std::string& user) const;

  IdleList<Connection> idle_;
};

}  // namespace godwit::auth
