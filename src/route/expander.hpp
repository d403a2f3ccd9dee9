// SPDX-License-Identifier: Apache-2.0
// What one recipient address stands for: aliases, accounts, postmaster, catch-all (rules: Router::expand).  Made for
// one address, used once.  Private to route/.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/route/router.hpp"
#include "identity.hpp"

namespace godwit::route {

// Lower-case address → targets as written; "@domain" for the rest of a domain.
using Aliases = std::map<std::string, std::vector<std::string>, std::less<>>;

// The form in which addresses of local domains are compared: all lower case.
std::string address_key(std::string_view local, std::string_view domain);

class Expander {
 public:
  // return_paths: null where senders are not rewritten.
  Expander(const Router& router, const Aliases& aliases, const AccountExists& account_exists,
           const ReturnPaths* return_paths, const Identity& self)
      : router_(router),
        settings_(router.settings()),
        aliases_(aliases),
        account_exists_(account_exists),
        return_paths_(return_paths),
        self_(self) {}

  Expansion run(const smtp::Mailbox& asked);

 private:
  static constexpr int most_levels = 20;

  struct Alias {
    std::string key;
    const std::vector<std::string>* targets;
  };

  void walk(smtp::Mailbox address, int level);
  void follow(const smtp::Mailbox& address, const Alias& alias, int level);
  void settle(const smtp::Mailbox& address, int level);
  std::optional<Alias> find_alias(const smtp::Mailbox& address) const;
  std::optional<std::string> existing_local(const smtp::Mailbox& address) const;
  bool is_postmaster(const smtp::Mailbox& address) const;
  void keep_for_postmaster();
  void add(smtp::Mailbox address);
  // The part before the detail separator; empty without detail.
  std::string_view base_of(std::string_view local) const;

  const Router& router_;
  const Settings& settings_;
  const Aliases& aliases_;
  const AccountExists& account_exists_;
  const ReturnPaths* return_paths_;
  const Identity& self_;
  std::set<std::string> visited_;
  std::set<std::string> added_;
  std::string asked_;
  bool too_deep_ = false;
  Expansion result_;
};

}  // namespace godwit::route
