// SPDX-License-Identifier: Apache-2.0
// A table of an SQLite file, asked by a query with one parameter (?1, $1 or :user: the user's address).  Opened for
// reading only.
#pragma once

#include <memory>
#include <string>

#include <sqlite3.h>

#include "blocking_store.hpp"
#include "idle_list.hpp"

namespace godwit::auth {

class SqliteStore final : public BlockingStore {
 public:
  using BlockingStore::BlockingStore;
  bool serves_scram() const override { return settings_.scram; }
  base::Result<> probe() override;

 protected:
  Answer look_up(const Login& login, base::MonoTime deadline) override;

 private:
  struct Connection {
    sqlite3* handle = nullptr;
    sqlite3_stmt* query = nullptr;
    const base::Clock* clock = nullptr;
    base::MonoTime deadline{};
    ~Connection() {
      sqlite3_finalize(query);
      sqlite3_close(handle);
    }
  };
  base::Result<std::unique_ptr<Connection>> open();
  Answer ask_database(Connection& connection, const std::string& user, base::MonoTime deadline);

  IdleList<Connection> idle_;
};

}  // namespace godwit::auth
