// SPDX-License-Identifier: Apache-2.0
#include "draft_sources.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace godwit::daemon {
namespace {

constexpr std::string_view why_not =
    "a draft asks only what the running configuration asks, in the same way; in the file it is replayed without a "
    "draft";

// Whom it asks, as whom, and for what.
auto question(const lookup::SourceSettings& source) {
  return std::tie(source.path, source.connection, source.query, source.url, source.start_tls, source.ca_file,
                  source.base, source.filter, source.bind_dn, source.bind_password_file);
}

bool is_same(const auth::StoreSettings& one, const auth::StoreSettings& other) {
  return one.type == other.type && question(one) == question(other) && one.userdb == other.userdb &&
         one.name_attribute == other.name_attribute;
}

bool is_same(const lookup::TableSettings& one, const lookup::TableSettings& other) {
  return one.type == other.type && question(one) == question(other) && one.attributes == other.attributes;
}

// The LMTP servers that are asked for recipients, as tables of routes.
std::set<std::string> lmtp_servers(const config::Settings& settings) {
  std::set<std::string> servers;
  for (const auto& [name, domain] : settings.route.domains)
    if (domain.recipients == route::RecipientRule::lmtp) servers.insert(route::lmtp_table(domain.deliver));
  return servers;
}

}  // namespace

std::vector<std::string> foreign_sources(const config::Settings& running, const config::Settings& draft) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < draft.auth.stores.size(); ++i) {
    const auto& store = draft.auth.stores[i];
    const auto is_this = [&](const auto& known) { return is_same(store, known); };
    if (store.type != auth::StoreType::file && std::ranges::none_of(running.auth.stores, is_this))
      all.push_back(fmt::format("accounts[{}]: {}", i, why_not));
  }
  for (const auto& [name, table] : draft.lookup.tables) {
    const auto is_this = [&one = table](const auto& known) { return is_same(one, known.second); };
    if (table.type != lookup::TableType::file && std::ranges::none_of(running.lookup.tables, is_this))
      all.push_back(fmt::format("tables.{}: {}", name, why_not));
  }
  const auto known = lmtp_servers(running);
  for (const auto& [name, domain] : draft.route.domains)
    if (domain.recipients == route::RecipientRule::lmtp && !known.contains(route::lmtp_table(domain.deliver)))
      all.push_back(fmt::format("domains.{}.recipients: {}", name, why_not));
  return all;
}

}  // namespace godwit::daemon
