// SPDX-License-Identifier: Apache-2.0
// A SQLite file of ours: opened or made, statements by text.  Blocks; one thread at a time.  Private to state/.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <variant>

#include <sqlite3.h>

#include "godwit/base/result.hpp"

namespace godwit::state {

class SqliteFile {
 public:
  using Value = std::variant<std::int64_t, std::string>;

  // Makes the folder and the file where they are not there yet.  Errors, of both: io, corrupt (it is no such file).
  static base::Result<SqliteFile> open(const std::string& path);

  // Runs a statement with these for ?1, ?2, …; `row` is called for each row of the result.
  base::Result<> run(const std::string& statement, std::initializer_list<Value> values = {},
                     const std::function<void(sqlite3_stmt*)>& row = {});

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
  };

  std::unexpected<base::Error> failed() const;

  std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
};

std::string text_at(sqlite3_stmt* row, int column);

}  // namespace godwit::state
