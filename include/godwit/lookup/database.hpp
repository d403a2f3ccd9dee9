// SPDX-License-Identifier: Apache-2.0
// One query of an SQL database, asked again and again with other parameters, which are always bound, never written into
// the text.  Connections are kept and made anew where they were lost.  Blocks until a deadline, so on a pool; several
// threads may ask at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"

namespace godwit::lookup {

struct Rows {
  std::vector<std::string> columns;                             // their names, also where there is no row
  std::vector<std::vector<std::optional<std::string>>> values;  // by row; nothing: NULL
};

class Database {
 public:
  static constexpr std::size_t most_rows = 10'000;

  virtual ~Database() = default;
  // Errors: timed_out, io, closed (it cannot be reached), invalid (it refuses the query, or wants another number of
  // parameters), exhausted (more than most_rows).
  virtual base::Result<Rows> ask(const std::vector<std::string>& parameters, base::MonoTime deadline) = 0;
};

// A file, opened for reading only.  Parameters: ?1, $1 or :name.
std::unique_ptr<Database> make_sqlite(std::string path, std::string query, const base::Clock& clock);
// libpq is loaded, if it has not been: at a start before the sandbox, within which not every place is in reach.
// Errors: not_found, which stays so until the next start.
base::Result<> load_postgresql();
// `connection` as libpq has it.  Parameters: $1.
std::unique_ptr<Database> make_postgresql(std::string connection, std::string query, const base::Clock& clock);

}  // namespace godwit::lookup
