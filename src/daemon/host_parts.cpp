// SPDX-License-Identifier: Apache-2.0
// What each reactor of a host has of its own, and what all of them share that a reload replaces.
#include <utility>

#include "godwit/auth/account_names.hpp"
#include "godwit/base/exception_text.hpp"
#include "godwit/net/ares_transport.hpp"
#include "host.hpp"

namespace godwit::daemon {

void Host::make_parts(std::size_t index) {
  auto& reactor = reactors_[index];
  auto& parts = parts_[index];
  const auto& settings = live_->settings;
  parts.transport = machine_.dns_transport(index, settings.dns);
  auto dns_settings = settings.dns;
  dns_settings.trust_ad = net::decide_trust_ad(settings.dns);
  parts.resolver = std::make_unique<dns::CachingResolver>(*parts.transport, clock_, dns_settings);
  parts.agent = std::make_unique<deliver::SmtpAgent>(settings.deliver, reactor.network(), reactor.deadlines(),
                                                     live_->tls.client, events_, reactor.executor());
  parts.milters = std::make_unique<policy::MilterConnections>(reactor.network(), *parts.resolver, reactor.scratch());
  parts.agent->speak_scram(pools_.proofs, random_);
  auto note = [this](const std::exception_ptr& thrown) {
    log_.error("task_failed", {{"reason", base::exception_text(thrown)}});
  };
  parts.check_tasks = std::make_unique<net::TaskGroup>(reactor.executor(), reactor.deadlines(), std::move(note));
  parts.haste = std::make_unique<net::Haste>();
  parts.connections = std::make_unique<policy::KeptConnections>(reactor.executor(), reactor.deadlines());
  parts.checks =
      std::make_unique<policy::CheckSurroundings>(policy::CheckSurroundings{.executor = reactor.executor(),
                                                                            .deadlines = reactor.deadlines(),
                                                                            .network = reactor.network(),
                                                                            .resolver = *parts.resolver,
                                                                            .tasks = *parts.check_tasks,
                                                                            .haste = *parts.haste,
                                                                            .clock = clock_,
                                                                            .log = log_,
                                                                            .connections = *parts.connections});
  parts.server =
      std::make_unique<server::Server>(make_rules(*live_, make_router(*live_)), server_surroundings(index, limits_));
}

server::Surroundings Host::server_surroundings(std::size_t reactor, policy::ConnectionLimits& limits) {
  auto& its = reactors_[reactor];
  auto start_queue = [this](const std::string& domain) { dispatcher_->start_queue(domain); };
  return {.executor = its.executor(),
          .deadlines = its.deadlines(),
          .network = its.network(),
          .scratch = its.scratch(),
          .spool = *spool_,
          .verifier = &verifier_,
          .lockouts = &lockouts_,
          .users = &users_,
          .limits = limits,
          .acquaintances = acquaintances_,
          .tarpit = tarpit_,
          .breaker = breaker_,
          .suppressions = suppressions_.get(),
          .resolver = parts_[reactor].resolver.get(),
          .milters = parts_[reactor].milters.get(),
          .checks = parts_[reactor].checks.get(),
          .start_queue = std::move(start_queue),
          .accept_time = &parts_[reactor].accept_time,
          .clock = clock_,
          .log = events_};
}

std::shared_ptr<const route::Router> Host::make_router(const LiveSettings& live, const route::Lookups& lookups) const {
  const auto& srs = live.settings.route.srs;
  const auto secrets = srs.secrets.empty() ? std::vector<std::string>{srs_secret_} : srs.secrets;
  auto return_paths = std::make_shared<const route::ReturnPaths>(secrets, live.settings.route, clock_);
  return std::make_shared<const route::Router>(live.settings.route, lookups, listening_addresses(live),
                                               std::move(return_paths));
}

route::Lookups Host::make_recipient_lookups(const LiveSettings& live) {
  const auth::BackEndParts parts{.pool = pools_.recipients, .clock = clock_, .random = random_};
  route::Lookups lookups;
  lookups.accounts = std::make_shared<auth::AccountNames>(make_stores(live.settings.auth, live.accounts, parts),
                                                          live.settings.lookup.cache, clock_);
  lookups.tables = make_tables(live.settings.lookup, live.tables, pools_.recipients, clock_);
  add_lmtp_tables(live.settings.route, live.settings.lookup.cache, pools_.recipients, clock_, lookups.tables);
  lookups.tables.emplace(route::callout_table, callouts_);
  return lookups;
}

std::shared_ptr<const server::Rules> Host::make_rules(const LiveSettings& live,
                                                      std::shared_ptr<const route::Router> router) {
  auto may_send_as = [this](const std::string& account, const smtp::Mailbox& sender) {
    return auth::may_send_as(account, {}, sender) || accounts_.table()->may_send_as(account, sender);
  };
  const auto& route = live.settings.route;
  auto canonical =
      std::make_shared<const route::Canonical>(route.canonical, route.detail_separator, recipient_lookups_);
  return std::make_shared<const server::Rules>(
      server::Rules{.settings = live.settings.server,
                    .policy = live.settings.policy,
                    .verification = live.settings.mailauth,
                    .router = std::move(router),
                    .tls = live.tls.server,
                    .client_authorities = live.tls.client_authorities,
                    .may_send_as = std::move(may_send_as),
                    .signers = live.signers,
                    .checks = make_check_lists(live),
                    .limits = policy_limits_,
                    .canonical = std::move(canonical),
                    .dmarc_counts = are_dmarc_reports_sent(live) ? dmarc_counts_.get() : nullptr});
}

server::CheckLists Host::make_check_lists(const LiveSettings& live) {
  policy::CheckStores stores{.list_health = &list_health_, .greylist = greylist_.get(), .trust = live.hook_trust};
  stores.trust[""] = live.tls.client;
  list_health_.keep_only(live.settings.policy.dns_lists.zones());
  const auto& policy = live.settings.policy;
  std::vector<std::vector<std::string>> wanted{policy.checks.mx, policy.checks.submission, policy.checks.local};
  for (const auto& listener : live.settings.server.listeners)
    if (listener.checks) wanted.push_back(*listener.checks);
  server::CheckLists lists;
  for (const auto& names : wanted) lists[names] = policy::make_check_list(names, policy, stores);
  return lists;
}

dispatch::Settings Host::dispatch_settings(const LiveSettings& live) const {
  auto settings = live.settings.dispatch;
  settings.hostname = live.settings.hostname;
  settings.maildir_connections = 2 * live.settings.deliver.maildir.threads;  // a writer, and one that is ready
  return settings;
}

}  // namespace godwit::daemon
