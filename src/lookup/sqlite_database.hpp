// SPDX-License-Identifier: Apache-2.0
// An SQLite file, opened for reading only.  One that was replaced is opened anew.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <sqlite3.h>

#include "godwit/lookup/database.hpp"
#include "godwit/net/idle_list.hpp"

namespace godwit::lookup {

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::string path, std::string query, const base::Clock& clock)
      : path_(std::move(path)), query_(std::move(query)), clock_(clock) {}
  base::Result<Rows> ask(const std::vector<std::string>& parameters, base::MonoTime deadline) override;

 private:
  struct Connection {
    sqlite3* handle = nullptr;
    sqlite3_stmt* query = nullptr;
    const base::Clock* clock = nullptr;
    base::MonoTime deadline{};
    std::pair<std::uint64_t, std::uint64_t> file{};  // device and inode
    ~Connection() {
      sqlite3_finalize(query);
      sqlite3_close(handle);
    }
  };
  base::Result<std::unique_ptr<Connection>> open(base::MonoTime deadline) const;
  base::Result<Rows> run(Connection& connection, const std::vector<std::string>& parameters) const;

  std::string path_;
  std::string query_;
  const base::Clock& clock_;
  net::IdleList<Connection> idle_;
};

}  // namespace godwit::lookup
