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

bool AccountTable::add(Account account) {
  const auto [at, added] = accounts_.try_emplace(account.name);
  if (!added) return false;
  if (is_known_hash(account.password)) hashes_.push_back(account.password);
  at->second = std::move(account);
  return true;
}

const Account* AccountTable::find(std::string_view name) const {
  const auto at = accounts_.find(canonical_name(name));
  return at == accounts_.end() ? nullptr : &at->second;
}

bool AccountTable::may_send_as(std::string_view account, const smtp::Mailbox& sender) const {
  const Account* found = find(account);
  if (found == nullptr) return false;
  const std::string address = base::to_lower(smtp::to_string(sender));
  return address == found->name || std::ranges::any_of(found->senders, [&](const std::string& allowed) {
           return allowed.starts_with('@') ? sender.domain == std::string_view(allowed).substr(1) : allowed == address;
         });
}

std::string_view AccountTable::decoy(std::string_view name) const {
  // Any yescrypt hash of libcrypt's default cost, for a table without passwords.
  constexpr std::string_view none = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7";
  return hashes_.empty() ? none : std::string_view(hashes_[base::crc32c(name) % hashes_.size()]);
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
