// SPDX-License-Identifier: Apache-2.0
#include "dkim_commands.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <ostream>
#include <vector>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/base/text.hpp"
#include "godwit/config/config.hpp"
#include "godwit/dns/message.hpp"
#include "godwit/mailauth/dkim.hpp"
#include "godwit/setup/dns_records.hpp"
#include "godwit/setup/key_file.hpp"
#include "paint.hpp"
#include "table.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;
using mailauth::Key;
using mailauth::KeyKind;
using mailauth::SigningKey;

int complain(const DkimCommands& commands, std::string_view what, int code) {
  commands.console.err << "godwitctl: " << what << "\n";
  return code;
}

std::optional<std::vector<SigningKey>> configured_keys(const DkimCommands& commands) {
  auto loaded = config::load(commands.config.empty() ? usual_config : commands.config);
  if (loaded.ok()) return std::move(loaded.settings.mailauth.keys);
  for (const auto& diagnostic : loaded.diagnostics) commands.console.err << config::to_string(diagnostic) << "\n";
  return {};
}

std::string record_name(const SigningKey& key) {
  return key.selector + "._domainkey." + key.domain;
}

// A line of a zone file.
std::string zone_line(const SigningKey& key, std::string_view record) {
  return setup::txt_line(record_name(key), record) + "\n";
}

void propose(const DkimCommands& commands, const std::vector<SigningKey>& made, const std::vector<Key>& keys) {
  auto& out = commands.console.out;
  out << "Into DNS:\n\n";
  for (std::size_t i = 0; i < made.size(); ++i) out << zone_line(made[i], dkim_record(keys[i]));
  out << "\nThen, once other hosts can see it, into the configuration (dkim.keys), and: godwitctl reload\n\n";
  for (const auto& key : made)
    out << fmt::format("    - {{domain: {}, selector: {}, private_key: {}}}\n", key.domain, key.selector,
                       key.private_key);
}

json::object described(const SigningKey& settings, const base::Result<Key>& key) {
  json::array accounts;
  for (const auto& account : settings.accounts) accounts.emplace_back(json::string(account));
  json::object object{{"domain", settings.domain},
                      {"selector", settings.selector},
                      {"private_key", settings.private_key},
                      {"accounts", std::move(accounts)},
                      {"name", record_name(settings)}};
  if (key) {
    object["kind"] = json::string(to_string(key->kind()));
    object["bits"] = key->bits();
    object["record"] = dkim_record(*key);
  } else {
    object["problem"] = key.error().message;
  }
  return object;
}

// "20261129", and a letter behind it where that is taken.
std::string selector_of_day(const std::vector<SigningKey>& taken, const std::string& domain) {
  const auto day = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const std::chrono::year_month_day date(day);
  const auto plain = fmt::format("{:04}{:02}{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                 static_cast<unsigned>(date.day()));
  const auto is_taken = [&](const std::string& name) {
    return std::ranges::any_of(taken, [&](const auto& key) { return key.domain == domain && key.selector == name; });
  };
  auto name = plain;
  for (char letter = 'a'; is_taken(name) && letter <= 'z'; ++letter) name = plain + letter;
  return name;
}

}  // namespace

int DkimCommands::generate(const std::string& domain, const std::string& selector, KeyKind kind, int bits) const {
  SigningKey made{.domain = base::to_lower(domain), .selector = selector, .private_key = file, .accounts = {}};
  if (made.private_key.empty()) made.private_key = fmt::format("{}/{}.{}.pem", folder, made.domain, selector);
  for (const auto& name : {made.domain, selector})
    if (!dns::normal_name(name))
      return complain(*this, base::printable(name) + " cannot be a part of a name in DNS", exit_usage);
  auto key = Key::generate(kind, bits);
  if (!key) return complain(*this, key.error().message, exit_failed);
  if (auto written = setup::write_key(made.private_key, *key); !written)
    return complain(*this, written.error().message, exit_failed);
  propose(*this, {made}, {*key});
  return exit_done;
}

int DkimCommands::rotate(const std::string& domain) const {
  const auto configured = configured_keys(*this);
  if (!configured) return exit_usage;
  auto taken = *configured;
  std::vector<SigningKey> made;
  std::vector<Key> keys;
  for (const auto& old : *configured) {
    if (old.domain != base::to_lower(domain)) continue;
    const auto old_key = setup::read_key(old.private_key);
    if (!old_key) return complain(*this, old_key.error().message, exit_failed);
    auto fresh = old;
    fresh.selector = selector_of_day(taken, old.domain);
    const auto beside = std::filesystem::path(old.private_key).parent_path();
    fresh.private_key = (beside / fmt::format("{}.{}.pem", fresh.domain, fresh.selector)).string();
    auto key = Key::generate(old_key->kind(), std::max(2048, old_key->bits()));
    if (!key) return complain(*this, key.error().message, exit_failed);
    if (auto written = setup::write_key(fresh.private_key, *key); !written)
      return complain(*this, written.error().message, exit_failed);
    taken.push_back(fresh);
    made.push_back(std::move(fresh));
    keys.push_back(std::move(*key));
  }
  if (made.empty()) return complain(*this, "no key of " + base::printable(domain) + " is configured", exit_failed);
  propose(*this, made, keys);
  console.out << "\nin place of the old ones, whose records stay in DNS for a week: mail under way needs them.\n";
  return exit_done;
}

int DkimCommands::list() const {
  const auto configured = configured_keys(*this);
  if (!configured) return exit_usage;
  json::array array;
  std::vector<std::vector<std::string>> rows{{"DOMAIN", "SELECTOR", "KEY", "FOR", "FILE"}};
  bool sound = true;
  for (const auto& settings : *configured) {
    const auto key = setup::read_key(settings.private_key);
    sound = sound && key.has_value();
    array.emplace_back(described(settings, key));
    rows.push_back({settings.domain, settings.selector,
                    key ? fmt::format("{} {}", to_string(key->kind()), key->bits()) : std::string("unreadable"),
                    settings.accounts.empty() ? std::string("all") : base::join(settings.accounts, " "),
                    settings.private_key});
    if (!key && !as_json) console.err << "godwitctl: " << key.error().message << "\n";
  }
  if (as_json)
    console.out << json::serialize(array) << "\n";
  else
    show(console, rows.size() == 1 ? "There are no keys.\n" : tools::table(rows));
  return sound ? exit_done : exit_failed;
}

int DkimCommands::record(const std::string& domain, const std::string& selector) const {
  const auto configured = configured_keys(*this);
  if (!configured) return exit_usage;
  json::array array;
  bool found = false;
  for (const auto& settings : *configured) {
    if (!domain.empty() && settings.domain != base::to_lower(domain)) continue;
    if (!selector.empty() && settings.selector != selector) continue;
    const auto key = setup::read_key(settings.private_key);
    if (!key) return complain(*this, key.error().message, exit_failed);
    found = true;
    if (as_json)
      array.emplace_back(described(settings, key));
    else
      console.out << zone_line(settings, dkim_record(*key));
  }
  if (!found) return complain(*this, "no such key is configured", exit_failed);
  if (as_json) console.out << json::serialize(array) << "\n";
  return exit_done;
}

}  // namespace godwit::tools
