// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/accounts.hpp"

#include <algorithm>

#include "godwit/auth/password.hpp"
#include "godwit/base/checksum.hpp"
#include "godwit/base/text.hpp"

namespace godwit::auth {

std::string canonical_name(std::string_view address) {
  const auto mailbox = smtp::parse_mailbox(address, smtp::BareLocal::allow, smtp::Utf8::allow);
  return base::to_lower(mailbox ? smtp::to_string(*mailbox) : std::string(address));
}

bool can_log_in(const Account& account) {
  const bool locked = account.password.starts_with('!') || account.password.starts_with('*');
  return !locked && (account.scram || is_known_hash(account.password));
}

bool may_send_as(std::string_view account, const std::vector<std::string>& senders, const smtp::Mailbox& sender) {
  const std::string address = base::to_lower(smtp::to_string(sender));
  return address == account || std::ranges::any_of(senders, [&](const std::string& allowed) {
           return allowed.starts_with('@') ? sender.domain == std::string_view(allowed).substr(1) : allowed == address;
         });
}

bool AccountTable::add(Account account) {
  const auto [at, added] = accounts_.try_emplace(account.name);
  if (!added) return false;
  if (can_log_in(account)) {
    able_.push_back(account.name);
    if (account.scram)
      with_keys_.push_back(account.name);
    else
      ++without_keys_;
  }
  at->second = std::move(account);
  return true;
}

const Account* AccountTable::find(std::string_view name) const {
  const auto at = accounts_.find(canonical_name(name));
  return at == accounts_.end() ? nullptr : &at->second;
}

bool AccountTable::may_send_as(std::string_view account, const smtp::Mailbox& sender) const {
  const Account* found = find(account);
  return found != nullptr && auth::may_send_as(found->name, found->senders, sender);
}

Account AccountTable::decoy(std::string_view name) const {
  // Any yescrypt hash of libcrypt's default cost, for a table without passwords.
  constexpr const char* none = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7";
  if (able_.empty()) return {.name = {}, .password = none, .senders = {}};
  return accounts_.at(able_[base::crc32c(name) % able_.size()]);
}

smtp::ScramKeys AccountTable::decoy_shape(std::string_view name) const {
  if (with_keys_.empty())
    return {.salt = std::string(smtp::scram_salt_size, '\0'),
            .iterations = smtp::scram_iterations,
            .stored_key = {},
            .server_key = {}};
  return *accounts_.at(with_keys_[base::crc32c(name) % with_keys_.size()]).scram;
}

std::shared_ptr<const AccountTable> Accounts::table() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

void Accounts::replace(AccountTable table) {
  auto replacement = std::make_shared<const AccountTable>(std::move(table));
  const std::lock_guard lock(mutex_);
  table_.swap(replacement);
}

}  // namespace godwit::auth
