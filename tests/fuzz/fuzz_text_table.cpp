// SPDX-License-Identifier: Apache-2.0
// Whatever is in a table of aliases or a file of accounts, it is taken or complained about on lines of their own, and
// no value can break a line.  Input: the table and, behind a line "---more", a file it may include.
#include "fuzz/fuzz.hpp"
#include "godwit/auth/accounts.hpp"
#include "godwit/lookup/text_table.hpp"

namespace godwit::fuzz {

void fuzz_text_table(std::string_view input) {
  const auto text = take_until(input, "---more\n");
  const auto table =
      lookup::parse_text_table(text, "aliases", [&](const std::string& path) -> base::Result<std::string> {
        if (path.ends_with("more")) return std::string(input);
        return base::fail_os("open", 2);
      });
  for (const auto* told : {&table.errors, &table.warnings})
    for (const auto& line : *told) require(is_printable(line));
  for (const auto& [key, values] : table.entries) {
    require(!key.contains('\n'));
    for (const auto& value : values) require(!value.contains('\n'));
  }
  const auto accounts = auth::parse_accounts(text, "accounts.yaml");
  if (!accounts) {
    for (const auto& line : accounts.error()) require(is_printable(line));
    return;
  }
  for (const auto& [name, account] : accounts->accounts()) require(is_one_line(name) && name == account.name);
  for (const auto& line : accounts->warnings) require(is_printable(line));
}

}  // namespace godwit::fuzz
