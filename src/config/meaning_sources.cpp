// SPDX-License-Identifier: Apache-2.0
// What is wrong with stores of accounts and with tables, and with what names them.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "findings.hpp"
#include "godwit/base/text.hpp"
#include "meaning.hpp"

namespace godwit::config {
namespace {

using auth::StoreType;
using lookup::TableType;
using route::RecipientRule;

template <class Type>
struct TypeKeys {
  Type type;
  std::vector<std::string_view> needed;
  std::vector<std::string_view> allowed;

  bool knows(std::string_view name) const {
    return std::ranges::find(needed, name) != needed.end() || std::ranges::find(allowed, name) != allowed.end();
  }
};

const std::vector<TypeKeys<StoreType>> store_keys = {
    {StoreType::file, {"path"}, {}},
    {StoreType::dovecot, {"path"}, {"service", "userdb"}},
    {StoreType::saslauthd, {"path"}, {"service", "domain"}},
    {StoreType::sqlite, {"path", "query"}, {"scram"}},
    {StoreType::postgresql, {"connection", "query"}, {"scram"}},
    {StoreType::ldap,
     {"url", "base", "filter"},
     {"start_tls", "ca_file", "bind_dn", "bind_password_file", "name_attribute"}},
};

const std::vector<TypeKeys<TableType>> table_keys = {
    {TableType::file, {"path"}, {}},
    {TableType::sqlite, {"path", "query"}, {}},
    {TableType::postgresql, {"connection", "query"}, {}},
    {TableType::ldap,
     {"url", "base", "filter"},
     {"start_tls", "ca_file", "bind_dn", "bind_password_file", "attributes"}},
};

// Whether passwords on their way there can be read by others.
bool is_in_clear(const lookup::SourceSettings& source) {
  if (source.start_tls || !source.url.starts_with("ldap://")) return false;
  const auto host = std::string_view(source.url).substr(7);
  return !host.starts_with("127.") && !host.starts_with("localhost") && !host.starts_with("[::1]");
}

class Sources : Findings {
 public:
  using Findings::Findings;

  void stores() {
    const auto& stores = settings_.auth.stores;
    const bool asked = std::ranges::any_of(settings_.route.domains, [](const auto& domain) {
      return domain.second.recipients == RecipientRule::accounts;
    });
    for (std::size_t i = 0; i < stores.size(); ++i) {
      const auto key = fmt::format("accounts[{}]", i);
      // Else it is the path of a file alone, or faulty and reported.
      if (is_set(key + ".type")) keys(key, "store", stores[i].type, store_keys);
      if (is_in_clear(stores[i]))
        error(key + ".url", fmt::format("passwords would go to {} in the clear: set start_tls: true, or say ldaps://",
                                        stores[i].url));
      if (asked && !auth::tells_names(stores[i]))
        warn(key, fmt::format("{}{} cannot tell which addresses exist: for recipients: accounts, its users do not",
                              auth::to_string(stores[i].type),
                              stores[i].type == StoreType::dovecot ? " without userdb" : ""));
    }
  }

  void tables() {
    for (const auto& [name, table] : settings_.lookup.tables) {
      const auto key = "tables." + name;
      if (is_set(key + ".type")) keys(key, "table", table.type, table_keys);
      if (!table.bind_dn.empty() && is_in_clear(table))
        error(key + ".url",
              fmt::format("the password would go to {} in the clear: set start_tls: true, or say ldaps://", table.url));
    }
  }

  void references() {
    for (const auto& name : settings_.route.alias_tables) names_table("aliases", name);
    const auto& canonical = settings_.route.canonical;
    for (const auto& name : canonical.senders.tables) names_table("rewriting.senders", name);
    for (const auto& name : canonical.recipients.tables) names_table("rewriting.recipients", name);
    for (const auto& name : canonical.addresses.tables) names_table("rewriting.addresses", name);
    for (const auto& [name, domain] : settings_.route.domains) {
      constexpr std::string_view prefix = "table:";
      const auto key = "domains." + name;
      if (name.starts_with(prefix)) names_table(key, name.substr(prefix.size()));
      if (domain.recipients == RecipientRule::table && !domain.table.empty())
        names_table(key + ".recipients", domain.table);
      if (!domain.user_table.empty()) names_table(key + ".users", domain.user_table);
      if (domain.has_users() && domain.deliver.kind == route::DeliverKind::mx)
        error(key + ".users", fmt::format("{} has no users here: deliver is mx, its mail goes to better hosts", name));
      if (domain.recipients == RecipientRule::lmtp && domain.deliver.kind != route::DeliverKind::lmtp)
        error(key + ".recipients",
              fmt::format("the recipients of {} cannot be asked of an LMTP server: deliver is none", name));
      const bool has_next_hop =
          domain.deliver.kind == route::DeliverKind::smtp || domain.deliver.kind == route::DeliverKind::mx;
      if (domain.recipients == RecipientRule::callout && !has_next_hop)
        error(
            key + ".recipients",
            fmt::format("the recipients of {} cannot be asked of other hosts: deliver is neither smtp: nor mx", name));
    }
  }

 private:
  template <class Type>
  void keys(const std::string& key, std::string_view what, Type type, const std::vector<TypeKeys<Type>>& all) {
    const auto mine = std::ranges::find(all, type, &TypeKeys<Type>::type);
    for (const auto needed : mine->needed)
      if (!is_set(fmt::format("{}.{}", key, needed)))
        error(key, fmt::format("a {} of type {} needs {}", what, to_string(type), needed));
    for (const auto& other : all)
      for (const auto* names : {&other.needed, &other.allowed})
        for (const auto name : *names) {
          const auto full = fmt::format("{}.{}", key, name);
          const bool told = std::ranges::any_of(loaded_.diagnostics,
                                                [&](const auto& d) { return d.message.starts_with(full + " "); });
          if (!mine->knows(name) && !told && is_set(full))
            error(full, fmt::format("{} means nothing to a {} of type {}", full, what, to_string(type)));
        }
  }

  void names_table(const std::string& key, const std::string& name) {
    const auto& tables = settings_.lookup.tables;
    if (tables.contains(name)) return;
    std::vector<std::string> names;
    for (const auto& [known, table] : tables) names.push_back(known);
    add(key, fmt::format("{}: there is no table \"{}\" in tables", key, base::printable(name)), Severity::error,
        base::nearest(name, names));
  }
};

}  // namespace

void check_sources(Loaded& loaded) {
  Sources sources(loaded);
  sources.stores();
  sources.tables();
  sources.references();
}

}  // namespace godwit::config
