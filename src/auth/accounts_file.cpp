// SPDX-License-Identifier: Apache-2.0
// Only the lines of the entry in question are touched, so that comments and the order of the others stay.  The result
// is read back and compared with what was wanted before it is written; a layout that lines cannot edit (all in one pair
// of braces) is written anew, one account a line.
#include "godwit/auth/accounts_file.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "godwit/base/text.hpp"
#include "replace_file.hpp"

namespace godwit::auth {
namespace {

using Map = std::map<std::string, Account, std::less<>>;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// Quotes only where YAML may read something else.
std::string key(const std::string& name) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyz0123456789@.-_+";
  const bool safe = name.find_first_not_of(plain) == std::string::npos && name.find_first_of("@.-_+") != 0;
  return safe ? name : quoted(name);
}

std::string entry(const Account& account) {
  std::vector<std::string> fields;
  if (!account.password.empty()) fields.push_back("password: " + quoted(account.password));
  if (account.scram) fields.push_back("scram: " + quoted(smtp::to_string(*account.scram)));
  std::vector<std::string> senders;
  senders.reserve(account.senders.size());
  for (const std::string& sender : account.senders) senders.push_back(quoted(sender));
  if (!senders.empty()) fields.push_back("senders: [" + base::join(senders, ", ") + "]");
  return key(account.name) + ": {" + base::join(fields, ", ") + "}\n";
}

// A blank line or a comment after an entry belongs to the next one.
bool is_between_entries(std::string_view line) {
  const std::string_view text = base::trim(line);
  return text.empty() || text.starts_with('#');
}

// The file as lines, each with its end.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  if (!lines.empty() && !lines.back().ends_with('\n')) lines.back() += '\n';
  return lines;
}

// The entry's lines become `replacement`.
std::string replace_entry(std::string_view text, std::string_view name, const std::string& replacement) {
  std::vector<std::string> lines = lines_of(text);
  std::size_t begin = lines.size(), end = lines.size();
  for (const auto& each : YAML::Load(std::string(text))) {
    const auto line = static_cast<std::size_t>(each.first.Mark().line);
    if (canonical_name(each.first.Scalar()) == name) {
      begin = line;
    } else if (line > begin) {
      end = std::min(end, line);
    }
  }
  while (end > begin + 1 && is_between_entries(lines[end - 1])) --end;
  std::string out;
  for (std::size_t i = 0; i < begin; ++i) out += lines[i];
  out += replacement;
  for (std::size_t i = end; i < lines.size(); ++i) out += lines[i];
  return out;
}

std::string write_anew(const Map& accounts) {
  std::string out;
  for (const auto& [name, account] : accounts) out += entry(account);
  return out;
}

bool reads_as(const std::string& text, const Map& wanted) {
  const auto table = parse_accounts(text, "");
  return table && table->accounts() == wanted;
}

// `account` empty: removed.
base::Result<> change(const std::string& file, const std::string& name, const Map& before, const std::string& text,
                      const Account* account) {
  Map wanted = before;
  wanted.erase(name);
  if (account != nullptr) wanted.emplace(name, *account);
  std::string changed;
  if (before.contains(name)) {
    changed = replace_entry(text, name, account == nullptr ? "" : entry(*account));
  } else {
    changed = base::join(lines_of(text), "") + entry(*account);
  }
  if (!reads_as(changed, wanted)) changed = write_anew(wanted);
  if (!reads_as(changed, wanted))
    return base::fail(base::ErrorKind::invalid, file + " cannot be edited; edit it by hand");
  return replace_file(file, changed);
}

struct Opened {
  DirectoryLock lock;
  std::string text;
  AccountTable table;
};

base::Result<Opened> open(const std::string& file) {
  auto lock = lock_directory_of(file);
  if (!lock) return std::unexpected(lock.error());
  auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  auto table = parse_accounts(*text, file);
  if (!table) return base::fail(base::ErrorKind::invalid, base::join(table.error(), "\n"));
  return Opened{std::move(*lock), std::move(*text), std::move(*table)};
}

}  // namespace

base::Result<> add_account(const std::string& file, const Account& account) {
  if (!smtp::parse_mailbox(account.name, smtp::BareLocal::refuse, smtp::Utf8::allow))
    return base::fail(base::ErrorKind::invalid, base::printable(account.name) + " is not a full address");
  Account added = account;
  added.name = canonical_name(account.name);
  auto opened = open(file);
  if (!opened) return std::unexpected(opened.error());
  if (opened->table.exists(added.name))
    return base::fail(base::ErrorKind::refused, added.name + " is there already in " + file);
  return change(file, added.name, opened->table.accounts(), opened->text, &added);
}

base::Result<> set_password(const std::string& file, std::string_view name, const Secrets& secrets) {
  auto opened = open(file);
  if (!opened) return std::unexpected(opened.error());
  const Account* found = opened->table.find(name);
  if (found == nullptr)
    return base::fail(base::ErrorKind::not_found, fmt::format("no account {} in {}", base::printable(name), file));
  Account changed = *found;
  changed.password = secrets.hash;
  changed.scram = secrets.scram;
  return change(file, changed.name, opened->table.accounts(), opened->text, &changed);
}

base::Result<> remove_account(const std::string& file, std::string_view name) {
  auto opened = open(file);
  if (!opened) return std::unexpected(opened.error());
  const Account* found = opened->table.find(name);
  if (found == nullptr)
    return base::fail(base::ErrorKind::not_found, fmt::format("no account {} in {}", base::printable(name), file));
  return change(file, found->name, opened->table.accounts(), opened->text, nullptr);
}

}  // namespace godwit::auth
