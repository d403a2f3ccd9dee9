// SPDX-License-Identifier: Apache-2.0
#include "not_replayed.hpp"

#include <algorithm>

#include "replayed_accounts.hpp"

namespace godwit::daemon {
namespace {

// Which listener an envelope came by is not recorded.
bool has_checks_of_its_own(const server::ListenerSettings& listener, const policy::CheckSettings& checks) {
  const auto& of_service = listener.service == smtp::Service::submission ? checks.submission : checks.mx;
  return listener.checks && *listener.checks != of_service;
}

bool has_listeners_with_checks(const LiveSettings& live) {
  return std::ranges::any_of(live.settings.server.listeners, [&](const auto& listener) {
    return has_checks_of_its_own(listener, live.settings.policy.checks);
  });
}

}  // namespace

std::vector<std::string> not_replayed(const control::ReplayOrder& order, const LiveSettings& before,
                                      const LiveSettings& after) {
  std::vector<std::string> all{
      "limits in a time, greylisting, checks of content, DKIM and DMARC, milters, hooks, policy servers, callouts"};
  all.emplace_back(order.dns ? "MTA-STS"
                             : "DNS: SPF, DNS lists and other checks of clients; each domain is taken to have one MX "
                               "host, of no provider, without DANE or MTA-STS (--dns asks)");
  if (order.dns && (has_listeners_with_checks(before) || has_listeners_with_checks(after)))
    all.emplace_back("listeners[].checks: policy.checks is taken for all listeners of a service");
  if (!keeps_all_in_files(before) || !keeps_all_in_files(after))
    all.emplace_back("accounts that are not kept in files: they are taken to exist and to use senders of their own");
  return all;
}

}  // namespace godwit::daemon
