// SPDX-License-Identifier: Apache-2.0
// What a row of a table says of an account, by the names of its columns:
//
//   password  crypt(3) hash; NULL: none
//   scram     keys for SCRAM, as an accounts file has them; NULL or no such column: none
//   senders   further addresses and "@domain"s, parted by blanks or commas; optional
//   account   its canonical name where it is another than the one asked for; optional
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "blocking_store.hpp"

namespace godwit::auth {

// Takes a column's value; `value` empty: NULL.  False: there is no such column.
bool take_column(Account& account, std::string_view column, const std::optional<std::string>& value);
// Of the one row that there is.
Answer entry_of(Account account);

}  // namespace godwit::auth
