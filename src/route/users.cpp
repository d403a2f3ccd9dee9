// SPDX-License-Identifier: Apache-2.0
// Users of a domain of ours who have a store of their own.
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/route/local_parts.hpp"
#include "godwit/route/router.hpp"
#include "said.hpp"

namespace godwit::route {

using boost::asio::awaitable;

std::vector<std::string> Router::user_names(const smtp::Mailbox& address) const {
  std::vector<std::string> names = {address_key(address.local, address.domain)};
  const auto base = without_detail(address.local, settings_.detail_separator);
  if (!base.empty()) names.push_back(address_key(base, address.domain));
  return names;
}

std::optional<base::Result<DeliverTarget>> Router::store_of(const std::string& user, Said& said) const {
  const auto place = place_of(std::string(base::domain_of(user)), said);
  if (place.settings == nullptr || !place.settings->has_users()) return {};
  const auto& domain = *place.settings;
  const auto local = user.substr(0, user.rfind('@'));
  if (const auto listed = domain.users.find(local); listed != domain.users.end())
    return base::Result<DeliverTarget>(listed->second);
  const auto table = this->table(domain.user_table);
  if (!table) return {};
  const auto* answer = said.about(*table, user);
  if (answer != nullptr && answer->values.empty() && table->keeps_bare_names()) answer = said.about(*table, local);
  if (answer == nullptr || answer->values.empty()) return {};
  auto target = parse_store(answer->values.front());
  if (!target)
    return base::fail(base::ErrorKind::invalid, fmt::format("{}: {}", table->name(), target.error().message));
  return target;
}

// Nothing: none has a store of its own, as far as that is known.
std::optional<std::string> Router::user_of(const smtp::Mailbox& address, Said& said) const {
  for (auto& name : user_names(address)) {
    const auto before = said.unknowns();
    if (store_of(name, said)) return std::move(name);
    if (said.unknowns() != before) return {};
  }
  return {};
}

std::optional<std::string> Router::known_destination(const smtp::Mailbox& address) const {
  Said said;
  auto user = user_of(address, said);
  if (said.unknowns() > 0) return {};
  return std::move(user).value_or(address.domain);
}

awaitable<base::Result<std::vector<std::string>>> Router::destinations_of(std::vector<smtp::Mailbox> addresses) const {
  Said said;
  for (;;) {
    std::vector<std::string> destinations;
    for (const auto& address : addresses) {
      auto user = user_of(address, said);
      destinations.push_back(std::move(user).value_or(address.domain));
    }
    if (said.outage()) co_return base::fail(base::ErrorKind::io, *said.outage());
    if (!said.wants_more()) co_return destinations;
    co_await said.learn();
  }
}

awaitable<base::Result<std::optional<DeliverTarget>>> Router::find_target(std::string destination, Place place) const {
  if (place.settings == nullptr) co_return std::optional<DeliverTarget>();
  if (!destination.contains('@')) co_return place.settings->deliver;
  const auto user = base::to_lower(destination);
  Said said;
  for (;;) {
    auto own = store_of(user, said);
    if (said.outage()) co_return base::fail(base::ErrorKind::io, *said.outage());
    if (!said.wants_more()) {
      if (!own) co_return place.settings->deliver;
      if (!*own) co_return std::unexpected(own->error());
      co_return std::move(**own);
    }
    co_await said.learn();
  }
}

}  // namespace godwit::route
