// SPDX-License-Identifier: Apache-2.0
#include "account_commands.hpp"

#include <string.h>

#include <filesystem>
#include <istream>
#include <ostream>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/auth/accounts_file.hpp"
#include "godwit/auth/password.hpp"
#include "godwit/base/text.hpp"
#include "godwit/config/config.hpp"
#include "paint.hpp"
#include "table.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

constexpr const char* usual_file = "/etc/godwit/accounts.yaml";

// Wiped when it goes.
struct Secret {
  std::string text;
  Secret() = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { ::explicit_bzero(text.data(), text.capacity()); }
};

int complain(const AccountCommands& commands, std::string_view what, int code) {
  commands.console.err << "godwitctl: " << what << "\n";
  return code;
}

int code_of(const base::Error& error) {
  return error.kind == base::ErrorKind::invalid ? exit_usage : exit_failed;
}

// The accounts files, in the order in which the daemon asks them; empty: there is an error, and it was said.
std::vector<std::string> files_of(const AccountCommands& commands) {
  if (!commands.file.empty()) return {commands.file};
  const bool is_named = !commands.config.empty();
  std::error_code error;
  if (!is_named && !std::filesystem::exists(usual_config, error)) return {usual_file};
  const auto loaded = config::load(is_named ? commands.config : usual_config);
  std::vector<std::string> files;
  for (const auto& store : loaded.settings.auth.stores)
    if (store.type == auth::StoreType::file) files.push_back(store.path);
  if (loaded.ok() && !files.empty()) return files;
  if (loaded.ok() && !is_named) return {usual_file};
  for (const auto& diagnostic : loaded.diagnostics) commands.console.err << config::to_string(diagnostic) << "\n";
  if (loaded.ok()) complain(commands, commands.config + " names no accounts file (key \"accounts\")", exit_usage);
  return {};
}

// The file that has the account; the first where none has it.
std::string file_with(const std::vector<std::string>& files, const std::string& address) {
  for (const std::string& file : files)
    if (const auto table = auth::load_accounts({file}); table && table->exists(address)) return file;
  return files.front();
}

base::Result<> get_password(const AccountCommands& commands, const std::string& address, Secret& secret) {
  using From = AccountCommands::PasswordFrom;
  if (commands.password_from == From::generated) {
    secret.text = auth::generate_password();
    return {};
  }
  if (commands.password_from == From::terminal && commands.console.ask_password) {
    auto typed = commands.console.ask_password("Password of " + base::printable(address));
    if (!typed) return std::unexpected(typed.error());
    secret.text.swap(*typed);
    return {};
  }
  if (!std::getline(commands.console.in, secret.text) && secret.text.empty())
    return base::fail(base::ErrorKind::invalid, "no password on standard input");
  if (secret.text.ends_with('\r')) secret.text.pop_back();
  return {};
}

int report(const AccountCommands& commands, const base::Result<>& result, const std::string& what,
           const Secret* secret = nullptr) {
  if (!result) return complain(commands, result.error().message, code_of(result.error()));
  commands.console.out << what << " The running daemon knows it after: godwitctl reload\n";
  if (secret != nullptr && commands.password_from == AccountCommands::PasswordFrom::generated)
    commands.console.out << "Password: " << secret->text << "\n";
  return exit_done;
}

struct Hashed {
  Secret secret;
  auth::Secrets kept;
};

base::Result<> hash_password(const AccountCommands& commands, const std::string& address, Hashed& hashed) {
  if (auto got = get_password(commands, address, hashed.secret); !got) return got;
  auto kept = auth::make_secrets(hashed.secret.text);
  if (!kept) return std::unexpected(kept.error());
  hashed.kept = std::move(*kept);
  return {};
}

const char* password_state(const auth::Account& account) {
  if (account.password.empty() && !account.scram) return "none";
  return auth::can_log_in(account) ? "set" : "locked or unknown";
}

}  // namespace

int AccountCommands::add(const std::string& address) const {
  const auto files = files_of(*this);
  if (files.empty()) return exit_usage;
  const std::string& target = files.front();
  // Known before a password is asked for.
  if (!smtp::parse_mailbox(address, smtp::BareLocal::refuse, smtp::Utf8::allow))
    return complain(*this, base::printable(address) + " is not a full address, like alice@example.com", exit_usage);
  std::error_code error;
  if (std::filesystem::exists(target, error)) {
    const auto table = auth::load_accounts({target});
    if (!table) return complain(*this, base::join(table.error(), "\n"), exit_usage);
    if (table->exists(address)) return complain(*this, address + " is there already in " + target, exit_failed);
  }
  Hashed hashed;
  if (auto made = hash_password(*this, address, hashed); !made)
    return complain(*this, made.error().message, exit_failed);
  const auto added = auth::add_account(
      target, {.name = address, .password = hashed.kept.hash, .senders = {}, .scram = hashed.kept.scram});
  return report(*this, added, fmt::format("{} is added to {}.", auth::canonical_name(address), target), &hashed.secret);
}

int AccountCommands::passwd(const std::string& address) const {
  const auto files = files_of(*this);
  if (files.empty()) return exit_usage;
  const std::string target = file_with(files, address);
  const auto table = auth::load_accounts({target});
  if (!table) return complain(*this, base::join(table.error(), "\n"), exit_usage);
  if (!table->exists(address))
    return complain(*this, fmt::format("no account {} in {}", base::printable(address), target), exit_failed);
  Hashed hashed;
  if (auto made = hash_password(*this, address, hashed); !made)
    return complain(*this, made.error().message, exit_failed);
  const auto changed = auth::set_password(target, address, hashed.kept);
  return report(*this, changed, fmt::format("{} has a new password.", auth::canonical_name(address)), &hashed.secret);
}

int AccountCommands::remove(const std::string& address) const {
  const auto files = files_of(*this);
  if (files.empty()) return exit_usage;
  const std::string target = file_with(files, address);
  const auto removed = auth::remove_account(target, address);
  return report(*this, removed, fmt::format("{} is removed from {}.", auth::canonical_name(address), target));
}

int AccountCommands::list(bool as_json) const {
  const auto files = files_of(*this);
  if (files.empty()) return exit_usage;
  const auto table = auth::load_accounts(files);
  if (!table) return complain(*this, base::join(table.error(), "\n"), exit_usage);
  for (const std::string& warning : table->warnings) console.err << warning << "\n";
  json::array array;
  std::vector<std::vector<std::string>> rows{{"ACCOUNT", "PASSWORD", "SCRAM", "MAY ALSO SEND AS"}};
  for (const auto& [name, account] : table->accounts()) {
    rows.push_back({base::printable(name), password_state(account), account.scram ? "yes" : "no",
                    base::join(account.senders, " ")});
    json::array senders;
    for (const std::string& sender : account.senders) senders.emplace_back(json::string(sender));
    array.emplace_back(json::object{{"name", json::string(name)},
                                    {"password", password_state(account)},
                                    {"scram", account.scram.has_value()},
                                    {"senders", std::move(senders)}});
  }
  if (as_json) {
    console.out << json::serialize(array) << "\n";
  } else {
    show(console, rows.size() == 1 ? "There are no accounts.\n" : tools::table(rows));
  }
  return exit_done;
}

}  // namespace godwit::tools
