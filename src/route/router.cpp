// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/router.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "aliases.hpp"
#include "expander.hpp"
#include "godwit/base/text.hpp"
#include "godwit/route/next_hop.hpp"
#include "host_finder.hpp"
#include "identity.hpp"
#include "route_patterns.hpp"
#include "said.hpp"
#include "sts_rule.hpp"
#include "tls_rule.hpp"

namespace godwit::route {
namespace {

using boost::asio::awaitable;

constexpr std::string_view table_prefix = "table:";

Hop to_hop(Hosts hosts, SmtpHop prepared) {
  if (auto* none = std::get_if<NoRoute>(&hosts)) return std::move(*none);
  prepared.hosts = std::move(std::get<std::vector<Host>>(hosts));
  return prepared;
}

}  // namespace

std::shared_ptr<lookup::Table> Lookups::table(std::string_view name) const {
  const auto found = tables.find(name);
  return found == tables.end() ? nullptr : found->second;
}

Router::Router(Settings settings, Lookups lookups, std::vector<base::Endpoint> listening,
               std::shared_ptr<const ReturnPaths> return_paths)
    : settings_(std::move(settings)), lookups_(std::move(lookups)), return_paths_(std::move(return_paths)) {
  settings_.hostname = base::to_lower(settings_.hostname);
  settings_.origin = base::to_lower(settings_.origin.empty() ? settings_.hostname : settings_.origin);
  identity_ = std::make_shared<const Identity>(Identity{
      .hostname = settings_.hostname, .own_addresses = settings_.own_addresses, .listening = std::move(listening)});
  has_users_ = std::ranges::any_of(settings_.domains, [](const auto& domain) { return domain.second.has_users(); });
  for (const auto& [name, domain] : settings_.domains)
    if (name.starts_with(table_prefix))
      if (auto table = lookups_.table(name.substr(table_prefix.size())))
        domain_tables_.emplace_back(std::move(table), &domain);
  aliases_ = std::make_unique<const Aliases>(*this, lookups_, *identity_);
}
Router::~Router() = default;

bool Router::is_local_domain(std::string_view domain) const {
  const auto lower = base::to_lower(domain);
  if (lower == settings_.hostname || settings_.domains.contains(lower)) return true;
  const auto address = parse_literal(lower);
  return address && identity_->is_own(*address);
}

smtp::Mailbox Router::complete(smtp::Mailbox address) const {
  if (!address.domain.empty()) return address;
  address.domain = base::iequals(address.local, "postmaster") ? settings_.hostname : settings_.origin;
  return address;
}

Router::Place Router::place_of(const std::string& domain, Said& said) const {
  const auto name = normal_domain(domain);
  const auto found = settings_.domains.find(name);
  if (found != settings_.domains.end()) return {.kind = Place::Kind::here, .settings = &found->second};
  if (is_local_domain(name)) return {.kind = Place::Kind::here};
  if (name.starts_with('[')) return {};
  for (const auto& [table, settings] : domain_tables_) {
    const auto* answer = said.about(*table, name);
    if (answer == nullptr) return {.kind = Place::Kind::unknown};
    if (answer->kind == lookup::Answer::Kind::present) return {.kind = Place::Kind::here, .settings = settings};
  }
  return {};
}

smtp::ReversePath Router::sender_for(const smtp::ReversePath& sender, const mail::Recipient& recipient) const {
  if (!return_paths_ || !sender || is_ours(recipient.address.domain)) return sender;
  if (is_ours(sender->domain)) {
    const auto* route = first_match(normal_domain(recipient.address.domain), sender);
    const bool is_tagged = (route != nullptr && route->verp) ||
                           std::ranges::any_of(settings_.verp_senders,
                                               [&](const auto& pattern) { return matches_sender(pattern, sender); });
    return is_tagged ? return_paths_->tagged(*sender, recipient.address) : sender;
  }
  const auto alias = forwarding_alias(recipient);
  if (!alias) return sender;
  // Bounces to a domain that we are only the backup of would go to its other hosts, and to an address they do not know.
  return return_paths_->rewritten(*sender, known_place(alias->domain).goes_on() ? settings_.hostname : alias->domain);
}

std::optional<smtp::Mailbox> Router::forwarding_alias(const mail::Recipient& recipient) const {
  if (recipient.original.empty() || is_ours(recipient.address.domain)) return {};
  const auto asked = smtp::parse_mailbox(recipient.original, smtp::BareLocal::allow, smtp::Utf8::allow);
  if (!asked) return {};
  auto alias = complete(*asked);
  alias.domain = normal_domain(alias.domain);
  if (!is_ours(alias.domain)) return {};
  return alias;
}

std::optional<smtp::Mailbox> Router::recipient_told_by(const smtp::Mailbox& address) const {
  if (!return_paths_ || !is_ours(address.domain)) return {};
  return return_paths_->recipient_told_by(address);
}

bool Router::leads_back(const smtp::Mailbox& address) const {
  return return_paths_ && is_ours(address.domain) && mail::Srs::is_rewritten(address.local);
}

awaitable<Expansion> Router::expand(smtp::Mailbox recipient, OtherHosts others) const {
  Said said(others);
  for (;;) {
    auto expansion = Expander(*this, *aliases_, *identity_, said).run(recipient);
    if (said.outage()) {
      Expansion none;
      none.outage = *said.outage();
      none.refusal = smtp::make_reply(451, {4, 3, 0},
                                      fmt::format("<{}>: Recipient cannot be looked up now", to_string(recipient)));
      co_return none;
    }
    if (!said.wants_more()) co_return expansion;
    co_await said.learn();
  }
}

awaitable<std::vector<mail::Recipient>> Router::found_postmaster(smtp::Mailbox kept) const {
  std::vector<mail::Recipient> found;
  if (kept.local != "postmaster" || (!kept.domain.empty() && kept.domain != settings_.hostname)) co_return found;
  auto expanding = expand(kept);
  auto expansion = co_await std::move(expanding);
  const bool is_kept = std::ranges::any_of(expansion.recipients, [&](const auto& to) { return to.address == kept; });
  if (!is_kept) found = std::move(expansion.recipients);
  co_return found;
}

awaitable<Hop> Router::local_hop(std::string domain, std::optional<DeliverTarget> deliver, dns::Resolver& resolver,
                                 base::Random& random, TlsDemand demand) const {
  if (!deliver) {
    // Only what expand() kept for want of a postmaster comes here.
    if (settings_.postmaster.empty()) co_return HoldHop{"postmaster is not configured"};
    co_return HoldHop{fmt::format("{} has no mailboxes", domain.empty() ? "<Postmaster>" : domain)};
  }
  const auto& target = *deliver;
  switch (target.kind) {
    case DeliverKind::maildir:
      co_return MaildirHop{target.argument};
    case DeliverKind::discard:
      co_return DiscardHop{};
    case DeliverKind::lmtp: {
      auto endpoint = base::Endpoint::parse(target.argument);
      if (!endpoint) co_return HoldHop{fmt::format("deliver: \"{}\" is no LMTP server", target.argument)};
      co_return LmtpHop{std::move(*endpoint)};
    }
    case DeliverKind::smtp:
    case DeliverKind::mx:
      break;
  }
  SmtpHop hop;
  HostFinder finder(
      *identity_, {.tls = {.level = settings_.tls}, .dane = looks_for_dane(demand), .family = settings_.address_family},
      resolver, random);
  hop.next_hop = target.argument;
  std::vector<std::string> next_hops = {target.argument};
  auto hosts = co_await finder.of_next_hops(std::move(next_hops), settings_.port);
  co_return to_hop(std::move(hosts), std::move(hop));
}

awaitable<Hop> Router::remote_hop(std::string domain, smtp::ReversePath sender, dns::Resolver& resolver,
                                  base::Random& random, StsSource* sts, TlsDemand demand) const {
  SmtpHop hop;
  TlsRule tls{.level = settings_.tls};
  std::vector<std::string> next_hops;
  auto order = NextHopOrder::listed;
  auto family = settings_.address_family;
  if (const auto* route = first_match(domain, sender); route != nullptr) {
    if (route->has_tls) tls = {.level = route->tls, .name = route->tls_name, .source = "route"};
    hop.user = route->user;
    hop.password_file = route->password_file;
    hop.mechanisms = route->mechanisms;
    hop.certificate = route->certificate;
    hop.source_addresses = route->source_addresses;
    order = route->order;
    family = route->address_family.value_or(family);
    next_hops = route->next_hops;
    hop.next_hop = join_hops(next_hops);
  }
  const bool wants_tls = tls.level != TlsLevel::none;
  const bool heeds_domain = demand != TlsDemand::waived;
  const bool obeys_sts = heeds_domain && sts != nullptr && settings_.mta_sts && may_be_bound(tls);
  HostFinder finder(*identity_, {.tls = std::move(tls), .dane = looks_for_dane(demand), .family = family}, resolver,
                    random);
  if (order == NextHopOrder::random) next_hops = finder.shuffled(std::move(next_hops));
  if (!next_hops.empty()) {
    auto named = co_await finder.of_next_hops(std::move(next_hops), settings_.port);
    co_return to_hop(std::move(named), std::move(hop));
  }
  if (domain.starts_with('[')) {
    const auto address = parse_literal(domain);
    if (!address)
      co_return NoRoute{smtp::make_reply(550, {5, 1, 2}, fmt::format("Address literal {} is not known", domain))};
    hop.hosts = {finder.of_address(*address, settings_.port)};
    co_return hop;
  }
  hop.from_dns = true;
  if (wants_tls && heeds_domain) hop.reporting.domain = domain;
  auto found = co_await finder.of_domain(domain, settings_.port);
  hop.absent = finder.take_absent();
  auto way = to_hop(std::move(found), std::move(hop));
  auto* const smtp = std::get_if<SmtpHop>(&way);
  if (smtp == nullptr || !obeys_sts || !can_be_bound(*smtp)) co_return way;
  auto asking = sts->of(std::move(domain));
  const auto verdict = co_await std::move(asking);
  apply_sts(verdict, *smtp);
  co_return way;
}

awaitable<Hop> Router::hop(std::string destination, smtp::ReversePath sender, dns::Resolver& resolver,
                           base::Random& random, StsSource* sts, TlsDemand demand) const {
  auto domain = normal_domain(base::domain_of(destination));
  Place place{.kind = Place::Kind::here};
  if (!domain.empty()) {
    auto finding = find_place(domain);
    const auto found = co_await std::move(finding);
    if (!found)
      co_return NoRoute{smtp::make_reply(451, {4, 3, 0}, "The domain cannot be looked up: " + found.error().message)};
    place = *found;
  }
  Hop way = NoRoute{};
  if (place.goes_on()) {
    way = co_await remote_hop(std::move(domain), std::move(sender), resolver, random, sts, demand);
  } else {
    auto asking = find_target(std::move(destination), place);
    auto target = co_await std::move(asking);
    if (!target)
      co_return NoRoute{smtp::make_reply(451, {4, 3, 0}, "The store cannot be looked up: " + target.error().message)};
    way = co_await local_hop(std::move(domain), std::move(*target), resolver, random, demand);
  }
  auto* const smtp = std::get_if<SmtpHop>(&way);
  if (demand == TlsDemand::required && smtp != nullptr) std::ranges::for_each(smtp->hosts, demand_verification);
  co_return way;
}

}  // namespace godwit::route
