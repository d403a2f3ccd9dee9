// SPDX-License-Identifier: Apache-2.0
// Accounts files → AccountTable.  Every error of a file is reported, not only the first (but for YAML that cannot be
// read on).
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "godwit/auth/accounts.hpp"
#include "godwit/auth/password.hpp"
#include "godwit/base/text.hpp"
#include "godwit/net/plain_file.hpp"

namespace godwit::auth {
namespace {

constexpr std::size_t largest_accounts = std::size_t{64} << 20U;

class Parser {
 public:
  explicit Parser(const std::string& file) : file_(file) {}

  std::expected<AccountTable, Complaints> parse(std::string_view text) {
    try {
      read_root(YAML::Load(std::string(text)));
    } catch (const YAML::Exception& error) {
      complain(error.mark, base::printable(error.msg));
    }
    if (!errors_.empty()) return std::unexpected(std::move(errors_));
    return std::move(table_);
  }

 private:
  std::string at(const YAML::Mark& mark) const {
    return mark.is_null() ? file_ + ": " : fmt::format("{}:{}:{}: ", file_, mark.line + 1, mark.column + 1);
  }
  void complain(const YAML::Mark& mark, std::string_view what) { errors_.push_back(at(mark).append(what)); }

  void read_root(const YAML::Node& root) {
    if (root.IsNull()) return;  // an empty file: no accounts
    if (!root.IsMap()) return complain(root.Mark(), "accounts are expected, each as \"address: {password: ...}\"");
    for (const auto& entry : root) read_account(entry.first, entry.second);
  }

  void read_account(const YAML::Node& key, const YAML::Node& value) {
    if (!key.IsScalar() || !smtp::parse_mailbox(key.Scalar(), smtp::BareLocal::refuse, smtp::Utf8::allow))
      return complain(key.Mark(), "the name of an account is a full address, like alice@example.com");
    Account account{.name = canonical_name(key.Scalar()), .password = {}, .senders = {}};
    if (value.IsMap()) {
      for (const auto& entry : value) read_field(account, entry.first, entry.second);
    } else if (!value.IsNull()) {
      complain(value.Mark(), "an account is written as {password: ..., scram: ..., senders: [...]}");
    }
    const std::string name = account.name;
    if (!table_.add(std::move(account))) complain(key.Mark(), name + " is there twice");
  }

  void read_field(Account& account, const YAML::Node& key, const YAML::Node& value) {
    const std::string& name = key.IsScalar() ? key.Scalar() : "";
    if (name == "password") {
      read_password(account, value);
    } else if (name == "scram") {
      read_scram(account, value);
    } else if (name == "senders") {
      read_senders(account, value);
    } else {
      const std::string near = base::nearest(name, {"password", "scram", "senders"});
      complain(key.Mark(), fmt::format("unknown key \"{}\"{}", base::printable(name, 40),
                                       near.empty() ? "" : fmt::format(" (did you mean {}?)", near)));
    }
  }

  void read_password(Account& account, const YAML::Node& value) {
    if (!value.IsScalar()) return complain(value.Mark(), "password is a crypt(3) hash in quotes");
    account.password = value.Scalar();
    const bool locked = account.password.starts_with('!') || account.password.starts_with('*');
    if (!locked && !is_known_hash(account.password))
      table_.warnings.push_back(
          at(value.Mark()) + "the password of " + account.name +
          " is no hash that crypt(3) here knows, so nobody can log in (godwitctl account passwd)");
  }

  void read_scram(Account& account, const YAML::Node& value) {
    if (value.IsScalar()) account.scram = smtp::parse_scram_keys(value.Scalar());
    if (!account.scram)
      complain(value.Mark(),
               "scram is \"SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey\" (godwitctl account passwd makes it)");
  }

  void read_senders(Account& account, const YAML::Node& value) {
    if (!value.IsSequence()) return complain(value.Mark(), "senders is a list of addresses or @domains");
    for (const YAML::Node& sender : value) {
      if (const auto name = sender_name(sender)) {
        account.senders.push_back(*name);
      } else {
        complain(sender.Mark(), "a sender is a full address or @domain");
      }
    }
  }

  static std::optional<std::string> sender_name(const YAML::Node& node) {
    if (!node.IsScalar()) return std::nullopt;
    const std::string& text = node.Scalar();
    if (text.starts_with('@')) {
      const auto domain = smtp::parse_domain(std::string_view(text).substr(1), smtp::Utf8::allow);
      return domain ? std::optional("@" + *domain) : std::nullopt;
    }
    if (!smtp::parse_mailbox(text, smtp::BareLocal::refuse, smtp::Utf8::allow)) return std::nullopt;
    return canonical_name(text);
  }

  const std::string& file_;
  AccountTable table_;
  Complaints errors_;
};

}  // namespace

std::expected<AccountTable, Complaints> parse_accounts(std::string_view text, const std::string& file) {
  return Parser(file).parse(text);
}

std::expected<AccountTable, Complaints> load_accounts(const std::vector<std::string>& files) {
  AccountTable all;
  Complaints errors;
  for (const std::string& file : files) {
    const auto text = net::read_plain_file(file, largest_accounts);
    if (!text) {
      const auto& error = text.error();
      errors.push_back(error.os_error == 0 ? error.message
                                           : file + ": cannot be read: " + ::strerrordesc_np(error.os_error));
      continue;
    }
    auto table = parse_accounts(*text, file);
    if (!table) {
      errors.insert(errors.end(), table.error().begin(), table.error().end());
      continue;
    }
    for (const auto& [name, account] : table->accounts()) all.add(account);
    all.warnings.insert(all.warnings.end(), table->warnings.begin(), table->warnings.end());
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return all;
}

}  // namespace godwit::auth
