// SPDX-License-Identifier: Apache-2.0
#include "dmarc_reporting.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "godwit/base/text.hpp"

namespace godwit::daemon {
namespace {

dispatch::DmarcReportSettings completed_dmarc_settings(const LiveSettings& live) {
  auto settings = live.settings.dispatch.dmarc_reports;
  if (settings.contact.empty()) settings.contact = live.settings.route.postmaster;
  if (settings.from.empty()) settings.from = settings.contact;
  if (settings.organization.empty()) settings.organization = live.settings.hostname;
  return settings;
}

// One of ours, or below or above one: a policy may stand at the organisation's domain.
bool is_domain_of_ours(const route::Router& router, const mailauth::Signers* signers, const std::string& domain) {
  const auto is_related = [&](const std::string& ours) {
    return domain == ours || domain.ends_with("." + ours) || ours.ends_with("." + domain);
  };
  const auto& settings = router.settings();
  const auto is_related_name = [&](const auto& one) {
    return one.first.starts_with("table:") || is_related(one.first);
  };
  return is_related(settings.hostname) || std::ranges::any_of(settings.domains, is_related_name) ||
         (signers != nullptr && !signers->of(domain, {}).empty());
}

dispatch::ReceivedDmarcReports::Configuration received_configuration(const LiveSettings& live,
                                                                     std::shared_ptr<const route::Router> router) {
  auto addresses = live.settings.dispatch.dmarc_reports.addresses;
  for (auto& address : addresses) address = base::to_lower(address);
  auto is_ours = [router = std::move(router), signers = live.signers](const std::string& domain) {
    return is_domain_of_ours(*router, signers.get(), domain);
  };
  return {.addresses = std::move(addresses), .is_ours = std::move(is_ours)};
}

dispatch::DmarcReports::Configuration dmarc_configuration(const LiveSettings& live,
                                                          std::shared_ptr<const route::Router> router) {
  return {.settings = completed_dmarc_settings(live),
          .hostname = live.settings.hostname,
          .router = std::move(router),
          .signers = live.signers,
          .organizational_domain = live.settings.mailauth.organizational_domain};
}

}  // namespace

DmarcReporting::DmarcReporting(Surroundings surroundings, const LiveSettings& live,
                               std::shared_ptr<const route::Router> router)
    : sums_(live.settings.state.directory, surroundings.pool, surroundings.clock, surroundings.log),
      reports_({.executor = surroundings.home.executor(),
                .pool = surroundings.pool,
                .deadlines = surroundings.home.deadlines(),
                .network = surroundings.home.network(),
                .resolver = surroundings.resolver,
                .spool = surroundings.spool,
                .clock = surroundings.clock,
                .random = surroundings.random,
                .log = surroundings.log,
                .counts = surroundings.counts},
               dmarc_configuration(live, router)),
      received_({.executor = surroundings.home.executor(),
                 .pool = surroundings.pool,
                 .deadlines = surroundings.home.deadlines(),
                 .log = surroundings.log,
                 .sums = sums_},
                received_configuration(live, std::move(router))) {}

void DmarcReporting::change(const LiveSettings& live, std::shared_ptr<const route::Router> router) {
  reports_.change(dmarc_configuration(live, router));
  received_.change(received_configuration(live, std::move(router)));
}

boost::asio::awaitable<void> DmarcReporting::stop(base::MonoTime deadline) {
  co_await received_.stop(deadline);
  co_await reports_.stop(deadline);
}

bool are_dmarc_reports_sent(const LiveSettings& live) {
  const auto settings = completed_dmarc_settings(live);
  return settings.enabled && !settings.contact.empty();
}

}  // namespace godwit::daemon
