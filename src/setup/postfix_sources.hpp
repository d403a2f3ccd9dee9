// SPDX-License-Identifier: Apache-2.0
// A look-up in SQL or LDAP, as Postfix's files *_table(5) describe it, becomes an entry of `tables`.  Pure.
#pragma once

#include <string>
#include <vector>

#include "godwit/setup/postfix_import.hpp"
#include "postfix_parameters.hpp"

namespace godwit::setup::postfix {

struct SourceTable {
  std::string fields;  // "type: postgresql, query: …", for a map of YAML in one line; empty: it cannot be translated
  std::string why;     // then
  bool can_be_used = true;  // false: Godwit has no such database; `fields` are what would be said of one it has
  std::vector<ImportedFile> secrets;
  std::vector<std::string> remarks;
};

// `name`: of the table.  `folder`: where secrets will lie.
SourceTable translate_source(const std::string& type, const std::string& name, const Settings& said,
                             const std::string& folder);

}  // namespace godwit::setup::postfix
