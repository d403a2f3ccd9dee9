// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"

namespace godwit::lookup {

// How something outside is reached that can be asked: what a type does not name means nothing to it.
struct SourceSettings {
  std::string path = {};                             // of a file or socket
  std::string connection = {};                       // postgresql: as libpq has it
  std::string query = {};                            // sqlite, postgresql
  std::string url = {};                              // ldap
  bool start_tls = false;                            // ldap
  std::string ca_file = {};                          // ldap; empty: the system's
  std::string base = {};                             // ldap: where the search begins
  std::string filter = {};                           // ldap
  std::string bind_dn = {};                          // ldap: for the search; empty: anonymous
  std::string bind_password_file = {};               // ldap
  std::string bind_password = {};                    // what stands in that file
  base::Duration timeout = std::chrono::seconds(5);  // of one look-up
};

// How long an answer counts without being asked for again.
struct CacheSettings {
  base::Duration present = std::chrono::minutes(1);
  base::Duration absent = std::chrono::seconds(10);  // a new user need not wait long
  std::size_t entries = 50'000;
};

enum class TableType { file, sqlite, postgresql, ldap };
constexpr std::string_view to_string(TableType type) {
  switch (type) {
    case TableType::file:
      return "file";
    case TableType::sqlite:
      return "sqlite";
    case TableType::postgresql:
      return "postgresql";
    case TableType::ldap:
      break;
  }
  return "ldap";
}

// query and filter: with {key}, and {local} and {domain} of it.
struct TableSettings : SourceSettings {
  TableType type = TableType::file;
  std::vector<std::string> attributes = {};  // ldap: whose values count; none: only whether there is an entry
};

struct Settings {
  std::map<std::string, TableSettings> tables = {};  // by name
  CacheSettings cache = {};
  base::Duration check_interval = std::chrono::seconds(2);  // of files
  std::size_t waiting = 1000;                               // look-ups of recipients waiting for a thread; more: 451
};

}  // namespace godwit::lookup
