// SPDX-License-Identifier: Apache-2.0
// The accounts: who may log in, what mailboxes exist, who may send as whom.  Read from YAML files
//
//   alice@example.com: {password: "$y$j9T$...", scram: "SCRAM-SHA-256$...", senders: [sales@example.com,
//                       "@lists.example.com"]}
//
// An AccountTable never changes and is safe on any thread; Accounts hands out the present one and replaces it at
// reload. Without `password` and `scram`, or with a password that begins with "!" or "*", the mailbox exists but nobody
// logs in.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/smtp/address.hpp"
#include "godwit/smtp/scram.hpp"

namespace godwit::auth {

struct Account {
  std::string name;                  // address, lower case
  std::string password;              // crypt(3) hash
  std::vector<std::string> senders;  // further addresses, or "@domain"; lower case
  std::optional<smtp::ScramKeys> scram = {};
  bool operator==(const Account&) const = default;
};

// Whether there is something to log in with: a hash that crypt(3) here knows or SCRAM keys, and no lock.
bool can_log_in(const Account& account);
// Whether an account may use this sender: its own name, an address of `senders`, or any of an "@domain" there.
bool may_send_as(std::string_view account, const std::vector<std::string>& senders, const smtp::Mailbox& sender);

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
  bool may_send_as(std::string_view account, const smtp::Mailbox& sender) const;

  // In order of name.
  const std::map<std::string, Account, std::less<>>& accounts() const { return accounts_; }

  // What to spend as much time on for a name that nobody has: another account, always the same for the same name, so
  // that unknown names are as quick or slow as known ones, also where methods and costs differ.
  Account decoy(std::string_view name) const;
  // The same for SCRAM: keys whose shape a decoy takes.
  smtp::ScramKeys decoy_shape(std::string_view name) const;
  // Whoever can log in can do so by SCRAM.
  bool serves_scram() const { return without_keys_ == 0; }

  // What should be put right though the table serves: hashes that crypt(3) here does not know.
  Complaints warnings;

 private:
  std::map<std::string, Account, std::less<>> accounts_;
  std::vector<std::string> able_;       // to log in
  std::vector<std::string> with_keys_;  // those of them that can by SCRAM
  std::size_t without_keys_ = 0;        // those that cannot
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
