// SPDX-License-Identifier: Apache-2.0
// A router beside a DNS of its own, for tests of where mail goes.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "godwit/route/router.hpp"
#include "support/fake_resolver.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::route {

class HopTest : public ::testing::Test {
 protected:
  HopTest() {
    settings_.hostname = "mail.example.com";
    settings_.postmaster = "alice@example.com";
  }

  // A host "name" with one IPv4 address and MX of `domain`.
  void host(const std::string& domain, std::uint16_t preference, const std::string& name) {
    dns_.add_mx(domain, preference, name);
    if (addressed_.insert(name).second) dns_.add_address(name, "192.0.2." + std::to_string(addressed_.size()));
  }

  void local(const std::string& domain, DeliverKind kind, std::string argument) {
    settings_.domains[domain] = {.deliver = {.kind = kind, .argument = std::move(argument)},
                                 .recipients = RecipientRule::any,
                                 .local_parts = {},
                                 .table = {},
                                 .catch_all = {}};
  }

  RouteSettings& route(std::vector<std::string> domains, std::vector<std::string> next_hops = {}) {
    auto& added = settings_.routes.emplace_back();
    added.domains = std::move(domains);
    added.next_hops = std::move(next_hops);
    return added;
  }

  Hop hop(std::string domain, smtp::ReversePath sender = smtp::Mailbox{"me", "example.com"}) {
    const Router router(settings_, {}, listening_);
    return testing::run_awaitable(router.hop(std::move(domain), std::move(sender), dns_, random_));
  }

  std::string described(std::string domain) { return describe(hop(std::move(domain))); }

  // "name 192.0.2.1:25 …" of each host.
  std::vector<std::string> hosts(const Hop& hop) {
    std::vector<std::string> result;
    const auto* smtp = std::get_if<SmtpHop>(&hop);
    if (smtp == nullptr) return {describe(hop)};
    for (const auto& host : smtp->hosts) {
      result.push_back(host.name);
      for (const auto& address : host.addresses) result.back() += " " + to_string(address);
    }
    return result;
  }

  // Of the first host.
  static TlsPolicy tls(const Hop& hop) { return std::get<SmtpHop>(hop).hosts.at(0).tls; }

  Settings settings_;
  std::vector<base::Endpoint> listening_ = {*base::Endpoint::parse("192.0.2.200:25")};
  testing::FakeResolver dns_;
  base::SeededRandom random_{42};

 private:
  std::set<std::string> addressed_;
};

}  // namespace godwit::route
