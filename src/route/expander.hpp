// SPDX-License-Identifier: Apache-2.0
// What one recipient address stands for: aliases, accounts, postmaster, catch-all (rules: Router::expand).  Waits for
// nothing: what the tables have not said yet is noted in Said, and the result counts only when that is complete.  Made
// for one address, used once.  Private to route/.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aliases.hpp"
#include "godwit/route/router.hpp"
#include "identity.hpp"
#include "said.hpp"

namespace godwit::route {

class Expander {
 public:
  Expander(const Router& router, const Aliases& aliases, const Identity& self, Said& said)
      : router_(router), settings_(router.settings()), aliases_(aliases), self_(self), said_(said) {}

  Expansion run(const smtp::Mailbox& asked);

 private:
  static constexpr int most_levels = 20;

  void walk(smtp::Mailbox address, int level);
  void follow(const smtp::Mailbox& address, const Alias& alias, int level);
  std::optional<smtp::Mailbox> target_of(const std::string& text, const smtp::Mailbox& address) const;
  void settle(const smtp::Mailbox& address, const DomainSettings* domain, int level);
  bool lead_to(const std::string& target, const smtp::Mailbox& address, ExpansionStep::By by, int level);
  // Nothing can be said yet: see Said.
  std::optional<bool> exists(const std::string& local, const smtp::Mailbox& address, const DomainSettings& domain);
  std::optional<bool> is_in(lookup::Table* table, const std::string& key);
  std::optional<std::string> user_with_store(const smtp::Mailbox& address);
  std::optional<std::string> existing_local(const smtp::Mailbox& address, const DomainSettings* domain);
  bool is_postmaster(const smtp::Mailbox& address) const;
  void keep_for_postmaster();
  void add(smtp::Mailbox address);

  const Router& router_;
  const Settings& settings_;
  const Aliases& aliases_;
  const Identity& self_;
  Said& said_;
  std::set<std::string> visited_;
  std::set<std::string> added_;
  std::string asked_;
  bool too_deep_ = false;
  smtp::ReversePath owner_;  // of the innermost list that has one
  Expansion result_;
};

}  // namespace godwit::route
