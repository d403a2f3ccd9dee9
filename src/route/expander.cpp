// SPDX-License-Identifier: Apache-2.0
#include "expander.hpp"

#include <algorithm>
#include <utility>

#include "godwit/base/text.hpp"

namespace godwit::route {
namespace {

// The percent hack, a bang path, a quoted address: relaying in disguise where one reads them as routes.
bool looks_routed(std::string_view local) {
  return local.find_first_of("%!@") != std::string_view::npos;
}

}  // namespace

std::string address_key(std::string_view local, std::string_view domain) {
  return base::to_lower(local) + '@' + base::to_lower(domain);
}

Expansion Expander::run(const smtp::Mailbox& asked) {
  asked_ = to_string(asked);
  auto address = router_.complete(asked);
  result_.local = router_.is_local_domain(address.domain);
  if (result_.local && return_paths_ != nullptr) {
    if (auto restored = return_paths_->restored(address)) {
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
  if (!router_.is_local_domain(address.domain)) return add(std::move(address));
  address.domain = address.has_literal_domain() ? self_.hostname : base::to_lower(address.domain);
  if (level > most_levels) {
    too_deep_ = true;
    return;
  }
  if (!visited_.insert(address_key(address.local, address.domain)).second) return;
  if (const auto alias = find_alias(address)) {
    follow(address, *alias, level);
  } else {
    settle(address, level);
  }
}

void Expander::follow(const smtp::Mailbox& address, const Alias& alias, int level) {
  const auto own_key = address_key(address.local, address.domain);
  if (alias.targets->empty()) result_.missing.push_back(to_string(address));
  for (const auto& text : *alias.targets) {
    auto target = smtp::parse_mailbox(text, smtp::BareLocal::allow, smtp::Utf8::allow);
    if (!target) {
      result_.missing.push_back(text);
      continue;
    }
    const auto completed = router_.complete(std::move(*target));
    const auto target_key = address_key(completed.local, completed.domain);
    // Itself, with or without the detail that was asked for.
    if (target_key == own_key || target_key == alias.key) {
      settle(address, level);
    } else {
      walk(completed, level + 1);
    }
  }
}

// An address without (further) alias.
void Expander::settle(const smtp::Mailbox& address, int level) {
  if (auto local = existing_local(address)) return add({.local = std::move(*local), .domain = address.domain});
  if (is_postmaster(address)) {
    const auto postmaster = smtp::parse_mailbox(settings_.postmaster, smtp::BareLocal::allow, smtp::Utf8::allow);
    if (postmaster) return walk(*postmaster, level + 1);
    return keep_for_postmaster();
  }
  const auto domain = settings_.domains.find(address.domain);
  if (domain != settings_.domains.end() && !domain->second.catch_all.empty() && !looks_routed(address.local)) {
    const auto target = smtp::parse_mailbox(domain->second.catch_all, smtp::BareLocal::allow, smtp::Utf8::allow);
    if (target) return walk(*target, level + 1);
  }
  result_.missing.push_back(to_string(address));
}

std::optional<Expander::Alias> Expander::find_alias(const smtp::Mailbox& address) const {
  std::vector<std::string> keys = {address_key(address.local, address.domain)};
  if (!looks_routed(address.local)) {
    if (const auto base = base_of(address.local); !base.empty()) keys.push_back(address_key(base, address.domain));
    keys.push_back(address_key("", address.domain));
  }
  for (auto& key : keys) {
    if (const auto found = aliases_.find(key); found != aliases_.end())
      return Alias{.key = std::move(key), .targets = &found->second};
  }
  return {};
}

// The local part as the domain's recipients spell it, with the detail that was asked for.
std::optional<std::string> Expander::existing_local(const smtp::Mailbox& address) const {
  const auto found = settings_.domains.find(address.domain);
  if (found == settings_.domains.end()) return {};  // the bare hostname has aliases and postmaster only
  const auto& domain = found->second;
  const auto exists = [&](const std::string& local) {
    if (domain.recipients == RecipientRule::accounts || looks_routed(local))
      return account_exists_ && account_exists_(local + '@' + address.domain);
    if (domain.recipients == RecipientRule::list) {
      return std::ranges::any_of(domain.local_parts, [&](const auto& listed) { return base::iequals(listed, local); });
    }
    return true;
  };
  const auto lower = base::to_lower(address.local);
  if (exists(lower)) {
    // A store behind SMTP or LMTP may tell cases apart; what we know ourselves is lower case.
    const bool spelling_is_theirs =
        (domain.recipients == RecipientRule::any || domain.recipients == RecipientRule::lmtp) &&
        domain.deliver.kind != DeliverKind::maildir;
    return spelling_is_theirs ? address.local : lower;
  }
  const auto base = base_of(address.local);
  if (base.empty() || looks_routed(address.local) || !exists(base::to_lower(base))) return {};
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
  result_.recipients.push_back(std::move(recipient));
}

std::string_view Expander::base_of(std::string_view local) const {
  if (settings_.detail_separator.empty()) return {};
  const auto at = local.find(settings_.detail_separator);
  return at == std::string_view::npos ? std::string_view() : local.substr(0, at);
}

}  // namespace godwit::route
