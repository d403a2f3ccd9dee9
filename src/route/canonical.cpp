// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/canonical.hpp"

#include <algorithm>
#include <utility>

#include "godwit/base/text.hpp"
#include "godwit/route/local_parts.hpp"
#include "said.hpp"

namespace godwit::route {
namespace {

// `value`: an address, or "@domain" for the same local part there.  Nothing: it is neither.
std::optional<smtp::Mailbox> new_address(const std::string& value, std::string_view local) {
  const auto whole = value.starts_with('@')
                         ? smtp::to_string(smtp::Mailbox{.local = std::string(local), .domain = {}}) + value
                         : value;
  auto address = smtp::parse_mailbox(whole);
  if (!address) return {};
  return std::move(*address);
}

}  // namespace

Canonical::Canonical(const CanonicalSettings& settings, std::string detail_separator, const Lookups& lookups)
    : detail_separator_(std::move(detail_separator)),
      senders_(make_map(settings.senders, lookups)),
      recipients_(make_map(settings.recipients, lookups)),
      all_(make_map(settings.addresses, lookups)),
      masqueraded_(settings.masquerade),
      unmasked_(settings.masquerade_except) {}

Canonical::Map Canonical::make_map(const AddressMapSettings& settings, const Lookups& lookups) {
  Map map;
  for (const auto& [address, value] : settings.addresses) map.addresses.emplace(base::to_lower(address), value);
  for (const auto& name : settings.tables)
    if (auto table = lookups.table(name)) map.tables.push_back(std::move(table));
  return map;
}

bool Canonical::empty() const {
  return senders_.empty() && recipients_.empty() && all_.empty() && masqueraded_.empty();
}

std::optional<std::string> Canonical::find(const Map& map, const std::string& key, Said& said) {
  if (const auto found = map.addresses.find(key); found != map.addresses.end()) return found->second;
  for (const auto& table : map.tables) {
    const auto* answer = said.about(*table, key);
    if (answer == nullptr) return {};
    if (!answer->values.empty()) return answer->values.front();
  }
  return {};
}

smtp::Mailbox Canonical::apply(const Map& map, smtp::Mailbox address, Said& said) const {
  if (map.empty()) return address;
  const auto before = said.unknowns();
  if (const auto value = find(map, address_key(address.local, address.domain), said))
    return new_address(*value, address.local).value_or(std::move(address));
  const auto base = without_detail(address.local, detail_separator_);
  if (!base.empty() && said.unknowns() == before) {
    if (const auto value = find(map, address_key(base, address.domain), said)) {
      auto changed = new_address(*value, base);
      if (!changed) return address;
      changed->local += address.local.substr(base.size());
      return std::move(*changed);
    }
  }
  if (said.unknowns() != before) return address;
  if (const auto value = find(map, address_key("", address.domain), said))
    return new_address(*value, address.local).value_or(std::move(address));
  return address;
}

smtp::Mailbox Canonical::masquerade(smtp::Mailbox address) const {
  const auto is_same = [&](const std::string& local) { return base::iequals(local, address.local); };
  if (std::ranges::any_of(unmasked_, is_same)) return address;
  const auto is_above = [&](const std::string& domain) { return address.domain.ends_with("." + domain); };
  const auto above = std::ranges::find_if(masqueraded_, is_above);
  if (above != masqueraded_.end()) address.domain = *above;
  return address;
}

smtp::Mailbox Canonical::rewrite_one(const Question& question, Said& said) const {
  auto address = apply(question.is_sender ? senders_ : recipients_, question.address, said);
  return masquerade(apply(all_, std::move(address), said));
}

boost::asio::awaitable<base::Result<std::vector<smtp::Mailbox>>> Canonical::rewrite(
    std::vector<Question> questions) const {
  Said said;
  for (;;) {
    std::vector<smtp::Mailbox> rewritten;
    rewritten.reserve(questions.size());
    for (const auto& question : questions) rewritten.push_back(rewrite_one(question, said));
    if (said.outage()) co_return base::fail(base::ErrorKind::io, *said.outage());
    if (!said.wants_more()) co_return rewritten;
    co_await said.learn();
  }
}

}  // namespace godwit::route
