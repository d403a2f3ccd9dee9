// SPDX-License-Identifier: Apache-2.0
#include "expander.hpp"

#include <algorithm>
#include <utility>

#include "godwit/base/text.hpp"
#include "godwit/route/local_parts.hpp"

namespace godwit::route {

Expansion Expander::run(const smtp::Mailbox& asked) {
  asked_ = to_string(asked);
  auto address = router_.complete(asked);
  const auto place = router_.place_of(base::to_lower(address.domain), said_);
  result_.local = place.kind == Router::Place::Kind::here;
  if (result_.local && router_.return_paths() != nullptr) {
    if (auto restored = router_.return_paths()->restored(address)) {
      if (!*restored) result_.refusal = std::move(restored->error());
      if (!*restored) return std::move(result_);
      address = std::move(**restored);
    }
  }
  walk(address, 0);
  if (!result_.recipients.empty()) return std::move(result_);
  // RFC 5321 section 4.5.1: postmaster is never refused, whatever the aliases say.
  if (result_.local && is_postmaster(address)) {
    keep_for_postmaster();
  } else if (too_deep_ || result_.missing.empty()) {
    result_.refusal = smtp::make_reply(554, {5, 4, 6}, "<" + asked_ + ">: Alias loop");
  } else {
    result_.refusal = smtp::make_reply(550, {5, 1, 1}, "<" + asked_ + ">: User unknown");
  }
  return std::move(result_);
}

void Expander::walk(smtp::Mailbox address, int level) {
  address = router_.complete(std::move(address));
  const auto place = router_.place_of(base::to_lower(address.domain), said_);
  if (place.kind == Router::Place::Kind::unknown) return;
  if (place.kind == Router::Place::Kind::elsewhere) return add(std::move(address));
  address.domain = address.has_literal_domain() ? self_.hostname : base::to_lower(address.domain);
  if (level > most_levels) {
    too_deep_ = true;
    return;
  }
  if (!visited_.insert(address_key(address.local, address.domain)).second) return;
  const auto before = said_.unknowns();
  const auto alias = aliases_.find(address, said_);
  if (said_.unknowns() != before) return;
  if (alias) {
    follow(address, *alias, level);
  } else {
    settle(address, place.settings, level);
  }
}

std::optional<smtp::Mailbox> Expander::target_of(const std::string& text, const smtp::Mailbox& address) const {
  if (text.starts_with('@')) return smtp::Mailbox{.local = address.local, .domain = text.substr(1)};
  auto target = smtp::parse_mailbox(text, smtp::BareLocal::allow, smtp::Utf8::allow);
  if (!target) return {};
  return router_.complete(std::move(*target));
}

void Expander::follow(const smtp::Mailbox& address, const Alias& alias, int level) {
  const auto own_key = address_key(address.local, address.domain);
  const auto before = said_.unknowns();
  auto owner = aliases_.owner_of(alias, address, said_);
  if (said_.unknowns() != before) return;
  const auto outer = owner_;
  if (owner) owner_ = std::move(owner);
  result_.steps.push_back({.address = to_string(address), .by = ExpansionStep::By::alias, .targets = alias.targets});
  if (alias.targets.empty()) result_.missing.push_back(to_string(address));
  for (const auto& text : alias.targets) {
    const auto target = target_of(text, address);
    if (!target) {
      result_.missing.push_back(text);
      continue;
    }
    const auto target_key = address_key(target->local, target->domain);
    // Itself, with or without the detail that was asked for.
    if (target_key == own_key || target_key == alias.key) {
      settle(address, router_.place_of(address.domain, said_).settings, level);
    } else {
      walk(*target, level + 1);
    }
  }
  owner_ = outer;
}

// An address without (further) alias.
void Expander::settle(const smtp::Mailbox& address, const DomainSettings* domain, int level) {
  const auto before = said_.unknowns();
  auto local = existing_local(address, domain);
  if (said_.unknowns() != before) return;
  if (local) return add({.local = std::move(*local), .domain = address.domain});
  if (is_postmaster(address)) {
    if (lead_to(settings_.postmaster, address, ExpansionStep::By::postmaster, level)) return;
    return keep_for_postmaster();
  }
  const bool is_caught = domain != nullptr && !domain->catch_all.empty() && !looks_routed(address.local);
  if (is_caught && lead_to(domain->catch_all, address, ExpansionStep::By::catch_all, level)) return;
  result_.missing.push_back(to_string(address));
}

// False: what is configured is no address.
bool Expander::lead_to(const std::string& target, const smtp::Mailbox& address, ExpansionStep::By by, int level) {
  const auto parsed = smtp::parse_mailbox(target, smtp::BareLocal::allow, smtp::Utf8::allow);
  if (!parsed) return false;
  result_.steps.push_back({.address = to_string(address), .by = by, .targets = {target}});
  walk(*parsed, level + 1);
  return true;
}

std::optional<bool> Expander::is_in(lookup::Table* table, const std::string& key) {
  if (table == nullptr) return false;
  const auto* answer = said_.about(*table, key);
  if (answer == nullptr) return {};
  return answer->kind == lookup::Answer::Kind::present;
}

std::optional<bool> Expander::exists(const std::string& local, const smtp::Mailbox& address,
                                     const DomainSettings& domain) {
  const auto key = address_key(local, address.domain);
  if (domain.recipients == RecipientRule::table) {
    const auto table = router_.table(domain.table);
    const auto found = is_in(table.get(), key);
    const bool is_bare = found && !*found && table && table->keeps_bare_names();
    return is_bare ? is_in(table.get(), base::to_lower(local)) : found;
  }
  if (domain.recipients == RecipientRule::accounts || looks_routed(local)) return is_in(router_.accounts().get(), key);
  if (domain.recipients == RecipientRule::lmtp)
    return is_in(router_.table(lmtp_table(domain.deliver)).get(), to_string(smtp::Mailbox{local, address.domain}));
  if (domain.recipients == RecipientRule::callout)
    return is_in(router_.table(callout_table).get(), to_string(smtp::Mailbox{local, address.domain}));
  if (domain.recipients == RecipientRule::list)
    return std::ranges::any_of(domain.local_parts, [&](const auto& listed) { return base::iequals(listed, local); });
  return true;
}

// … where it is a user with a store of his own.
std::optional<std::string> Expander::user_with_store(const smtp::Mailbox& address) {
  for (const auto& name : router_.user_names(address)) {
    const auto before = said_.unknowns();
    const auto size = name.size() - base::domain_of(name).size() - 1;
    if (router_.store_of(name, said_)) return name.substr(0, size) + address.local.substr(size);
    if (said_.unknowns() != before) return {};
  }
  return {};
}

// The local part as the domain's recipients spell it, with the detail that was asked for.
std::optional<std::string> Expander::existing_local(const smtp::Mailbox& address, const DomainSettings* domain) {
  if (domain == nullptr) return {};  // the bare hostname has aliases and postmaster only
  // A store behind SMTP or LMTP may tell cases apart; what we know ourselves is lower case.
  const bool spelling_is_theirs =
      domain->recipients == RecipientRule::lmtp || domain->recipients == RecipientRule::callout ||
      (domain->recipients == RecipientRule::any && domain->deliver.kind != DeliverKind::maildir);
  auto local = spelling_is_theirs ? address.local : base::to_lower(address.local);
  if (domain->has_users()) {
    const auto before = said_.unknowns();
    auto user = user_with_store(address);
    if (user || said_.unknowns() != before) return user;
  }
  const auto whole = exists(local, address, *domain);
  if (!whole) return {};
  if (*whole) return local;
  const auto base = without_detail(address.local, settings_.detail_separator);
  // A store knows itself what a detail is.
  if (base.empty() || spelling_is_theirs || looks_routed(address.local)) return {};
  const auto without = exists(base::to_lower(base), address, *domain);
  if (!without || !*without) return {};
  return base::to_lower(base) + address.local.substr(base.size());
}

bool Expander::is_postmaster(const smtp::Mailbox& address) const {
  if (base::iequals(address.local, "postmaster")) return true;
  const bool of_the_machine = address.domain == self_.hostname || base::iequals(address.domain, settings_.origin);
  return base::iequals(address.local, "root") && of_the_machine;
}

// Where the hostname delivers to users of its own, a mailbox "postmaster" would be one that nobody reads: <Postmaster>
// without domain has no place to go and is held.
void Expander::keep_for_postmaster() {
  add({.local = "postmaster", .domain = settings_.domains.contains(self_.hostname) ? "" : self_.hostname});
}

void Expander::add(smtp::Mailbox address) {
  if (!added_.insert(to_string(address)).second) return;
  mail::Recipient recipient;
  recipient.address = std::move(address);
  if (to_string(recipient.address) != asked_) recipient.original = asked_;
  recipient.owner = owner_;
  result_.recipients.push_back(std::move(recipient));
}

}  // namespace godwit::route
