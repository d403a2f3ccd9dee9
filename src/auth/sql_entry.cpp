// SPDX-License-Identifier: Apache-2.0
#include "sql_entry.hpp"

#include "godwit/base/text.hpp"

namespace godwit::auth {
namespace {

std::vector<std::string> senders_of(std::string text) {
  for (char& c : text)
    if (c == ',' || c == '\t' || c == '\n') c = ' ';
  std::vector<std::string> senders;
  for (const std::string_view sender : base::split(text, ' ')) {
    if (sender.empty()) continue;
    senders.push_back(sender.starts_with('@') ? base::to_lower(sender) : canonical_name(sender));
  }
  return senders;
}

}  // namespace

bool take_column(Account& account, std::string_view column, const std::optional<std::string>& value) {
  const std::string text = value.value_or(std::string());
  if (column == "password")
    account.password = text;
  else if (column == "scram")
    account.scram = smtp::parse_scram_keys(text);
  else if (column == "senders")
    account.senders = senders_of(text);
  else if (column == "account" && !text.empty())
    account.name = canonical_name(text);
  else
    return column == "account";
  return true;
}

Answer entry_of(Account account) {
  Answer answer;
  answer.kind = Answer::Kind::entry;
  answer.account = std::move(account);
  return answer;
}

}  // namespace godwit::auth
