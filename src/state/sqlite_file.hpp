// SPDX-License-Identifier: Apache-2.0
// A SQLite file of ours: opened or made, statements by text.  Blocks; one thread at a time.  Private to state/.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <sqlite3.h>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"

namespace godwit::state {

// One that is run again and again.
class SqliteStatement {
 public:
  using Row = std::function<void(sqlite3_stmt*)>;

  // For ?1, ?2, …; they stay until they are bound again.
  void bind(int place, std::int64_t number) { sqlite3_bind_int64(statement_.get(), place, number); }
  // A BLOB, which may be any bytes and is compared as such; where it lies it must stay until run() is over.
  void bind(int place, std::string_view bytes) {
    sqlite3_bind_blob64(statement_.get(), place, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
  }
  // `row` is called for each row of the result.  Errors as of SqliteFile.
  base::Result<> run(const Row& row = {});

 private:
  friend class SqliteFile;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class SqliteFile {
 public:
  using Value = std::variant<std::int64_t, std::string>;

  // Makes the folder and the file where they are not there yet.  Errors, of all: io, corrupt (it is no such file),
  // invalid (a statement does not fit what is in it).
  static base::Result<SqliteFile> open(const std::string& path);

  base::Result<SqliteStatement> prepare(const std::string& statement);
  // Runs a statement once with these for ?1, ?2, ….
  base::Result<> run(const std::string& statement, std::initializer_list<Value> values = {},
                     const SqliteStatement::Row& row = {});

 private:
  struct Close {
    // Statements may be destroyed after it.
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };

  std::unique_ptr<sqlite3, Close> database_;
};

std::string text_at(sqlite3_stmt* row, int column);
// Of seconds since 1970, whatever stands there.
base::WallTime time_at(sqlite3_stmt* row, int column);
// Of a BLOB; where it lies it stays until the next row.
std::string_view bytes_at(sqlite3_stmt* row, int column);

}  // namespace godwit::state
