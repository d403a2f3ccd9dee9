// SPDX-License-Identifier: Apache-2.0
// The text of an SQL query in which {key}, {local} and {domain} stand for parts of what is asked about: they become
// parameters, so that nothing of a key is ever read as SQL.  One without them has one parameter, the key.  Private to
// lookup/; pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace godwit::lookup {

class KeyQuery {
 public:
  explicit KeyQuery(std::string_view text);
  const std::string& sql() const { return sql_; }  // with $1, $2, ...
  std::vector<std::string> parameters(std::string_view key) const;

 private:
  enum class Part { key, local, domain };
  std::string sql_;
  std::vector<Part> parts_;
};

}  // namespace godwit::lookup
