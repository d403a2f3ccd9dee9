// SPDX-License-Identifier: Apache-2.0
// The accounts: who may log in, what mailboxes exist, who may send as whom.  Read from YAML files
//
//   alice@example.com: {password: "$y$j9T$...", senders: [sales@example.com, "@lists.example.com"]}
//
// An AccountTable never changes and is safe on any thread; Accounts hands out the present one and replaces it at
// reload. Without `password`, or with one that begins with "!" or "*", the mailbox exists but nobody logs in.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/smtp/address.hpp"

namespace godwit::auth {

struct Account {
  std::string name;                  // address, lower case
  std::string password;              // crypt(3) hash
  std::vector<std::string> senders;  // further addresses, or "@domain"; lower case
  bool operator==(const Account&) const = default;
};

// Lines "file:line:column: what is wrong", for the administrator; never with a password or hash in them.
using Complaints = std::vector<std::string>;

// The form in which names are compared: an address in lower case.  What is no address is only lower-cased.
std::string canonical_name(std::string_view address);

class AccountTable {
 public:
  // False: an account of that name is there already.
  bool add(Account account);

  const Account* find(std::string_view name) const;  // nullptr: unknown; any case
  bool exists(std::string_view name) const { return find(name) != nullptr; }
  // Whether an account may use this sender: its own name, an address of its senders, or any of an "@domain" there.
  bool may_send_as(std::string_view account, const smtp::Mailbox& sender) const;

  // In order of name.
  const std::map<std::string, Account, std::less<>>& accounts() const { return accounts_; }

  // A hash to spend as much time on for a name that nobody has: that of another account, always the same for the same
  // name, so that unknown names are as quick or slow as known ones, also where methods and costs differ.
  std::string_view decoy(std::string_view name) const;

  // What should be put right though the table serves: hashes that crypt(3) here does not know.
  Complaints warnings;

 private:
  std::map<std::string, Account, std::less<>> accounts_;
  std::vector<std::string> hashes_;  // that crypt(3) knows
};

// `file` is only for the messages.
std::expected<AccountTable, Complaints> parse_accounts(std::string_view text, const std::string& file);
// Several stores are asked in order: the first that has a name counts.  Blocks on the disk.
std::expected<AccountTable, Complaints> load_accounts(const std::vector<std::string>& files);

// Thread-safe.
class Accounts {
 public:
  explicit Accounts(AccountTable table = {}) { replace(std::move(table)); }
  std::shared_ptr<const AccountTable> table() const;
  void replace(AccountTable table);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const AccountTable> table_;
};

}  // namespace godwit::auth
