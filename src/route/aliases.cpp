// SPDX-License-Identifier: Apache-2.0
#include "aliases.hpp"

#include <algorithm>
#include <utility>

#include "godwit/base/text.hpp"
#include "godwit/route/local_parts.hpp"

namespace godwit::route {
namespace {

constexpr std::string_view owner_prefix = "owner-";

}  // namespace

Aliases::Aliases(const Router& router, const Lookups& lookups, const Identity& self)
    : settings_(router.settings()), self_(self) {
  for (const auto& [text, targets] : settings_.aliases) {
    if (text.starts_with('@')) {
      own_.emplace(base::to_lower(text), targets);
      continue;
    }
    auto address = smtp::parse_mailbox(text, smtp::BareLocal::allow, smtp::Utf8::allow);
    if (!address) continue;  // config has refused it
    const auto completed = router.complete(std::move(*address));
    auto key = address_key(completed.local, completed.domain);
    if (key.contains('*'))
      patterns_.emplace_back(std::move(key), targets);
    else
      own_.emplace(std::move(key), targets);
  }
  std::ranges::stable_sort(patterns_, std::greater(), [](const auto& pattern) { return pattern.first.size(); });
  for (const auto& name : settings_.alias_tables)
    if (auto table = lookups.table(name)) tables_.push_back(std::move(table));
}

// A key without values is none: whoever keeps the table has nothing to say about it.
Aliases::Targets Aliases::targets_of(const std::string& key, Said& said) const {
  if (const auto found = own_.find(key); found != own_.end()) return found->second;
  for (const auto& table : tables_) {
    const auto* answer = said.about(*table, key);
    if (answer == nullptr) return {};
    if (!answer->values.empty()) return answer->values;
  }
  return {};
}

// /etc/aliases has no domains.
Aliases::Targets Aliases::targets_of_bare(const std::string& name, Said& said) const {
  for (const auto& table : tables_) {
    if (!table->keeps_bare_names()) continue;
    const auto* answer = said.about(*table, name);
    if (answer == nullptr) return {};
    if (!answer->values.empty()) return answer->values;
  }
  return {};
}

std::optional<Alias> Aliases::with_local(std::string_view local, const smtp::Mailbox& address, Said& said) const {
  const auto before = said.unknowns();
  auto key = address_key(local, address.domain);
  auto targets = targets_of(key, said);
  const bool of_the_machine = address.domain == self_.hostname || address.domain == settings_.origin;
  if (!targets && of_the_machine && said.unknowns() == before) targets = targets_of_bare(base::to_lower(local), said);
  if (!targets) return {};
  return Alias{.key = std::move(key), .targets = std::move(*targets)};
}

std::optional<Alias> Aliases::by_pattern(const std::string& key) const {
  for (const auto& [pattern, targets] : patterns_)
    if (base::matches_pattern(pattern, key)) return Alias{.key = key, .targets = targets};
  for (const auto& table : tables_)
    if (auto found = table->match(key); found && !found->values.empty())
      return Alias{.key = key, .targets = std::move(found->values)};
  return {};
}

std::optional<Alias> Aliases::find(const smtp::Mailbox& address, Said& said) const {
  const auto before = said.unknowns();
  if (auto alias = with_local(address.local, address, said); alias || said.unknowns() != before) return alias;
  if (looks_routed(address.local)) return {};
  const auto base = without_detail(address.local, settings_.detail_separator);
  if (!base.empty())
    if (auto alias = with_local(base, address, said); alias || said.unknowns() != before) return alias;
  if (auto alias = by_pattern(address_key(address.local, address.domain))) return alias;
  auto whole = address_key("", address.domain);
  if (auto targets = targets_of(whole, said)) return Alias{.key = std::move(whole), .targets = std::move(*targets)};
  return {};
}

// An owner has none: the mail of "owner-list" goes on under the name of whoever sent it.
smtp::ReversePath Aliases::owner_of(const Alias& alias, const smtp::Mailbox& address, Said& said) const {
  const auto local = alias.key.substr(0, alias.key.rfind('@'));
  if (local.empty() || local.starts_with(owner_prefix)) return {};
  smtp::Mailbox owner{.local = std::string(owner_prefix) + local, .domain = address.domain};
  if (!with_local(owner.local, owner, said)) return {};
  return owner;
}

}  // namespace godwit::route
