// SPDX-License-Identifier: Apache-2.0
// Which alias an address has: in the configuration first, then in the tables that it names.  Const.  Private to route/.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/lookup/table.hpp"
#include "godwit/route/router.hpp"
#include "identity.hpp"
#include "said.hpp"

namespace godwit::route {

struct Alias {
  std::string key;                   // under which it stands
  std::vector<std::string> targets;  // as written
};

class Aliases {
 public:
  // The settings and the router outlive it.
  Aliases(const Router& router, const Lookups& lookups, const Identity& self);

  // The alias of the address itself, else without its +detail, else of a pattern, else of its domain.  Nothing: there
  // is none, or that is not known yet: said.unknowns() has grown.
  std::optional<Alias> find(const smtp::Mailbox& address, Said& said) const;
  // "owner-list", where that is an alias too, of the alias "list" that find() gave for the address.  Nothing: as above.
  smtp::ReversePath owner_of(const Alias& alias, const smtp::Mailbox& address, Said& said) const;

 private:
  using Targets = std::optional<std::vector<std::string>>;
  Targets targets_of(const std::string& key, Said& said) const;
  Targets targets_of_bare(const std::string& name, Said& said) const;
  std::optional<Alias> with_local(std::string_view local, const smtp::Mailbox& address, Said& said) const;
  std::optional<Alias> by_pattern(const std::string& key) const;

  const Settings& settings_;
  const Identity& self_;
  std::map<std::string, std::vector<std::string>, std::less<>> own_;        // lower-case address, or "@domain"
  std::vector<std::pair<std::string, std::vector<std::string>>> patterns_;  // of those with "*", the longest first
  std::vector<std::shared_ptr<lookup::Table>> tables_;
};

}  // namespace godwit::route
