// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/doctor.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "checks.hpp"
#include "godwit/dns/bounded_resolver.hpp"
#include "godwit/net/interfaces.hpp"
#include "godwit/setup/asker.hpp"
#include "godwit/setup/facts.hpp"

namespace godwit::setup {
namespace {

constexpr base::Duration patience_with_dns = std::chrono::minutes(1);
constexpr std::size_t most_questions = 1000;

// As others see the host: what it is told to send from, where it listens, and public ones of its interfaces.
std::vector<base::IpAddress> known_addresses(const config::Settings& settings) {
  std::vector<base::IpAddress> all;
  const auto add = [&](const base::IpAddress& address) {
    if (std::ranges::find(all, address) == all.end()) all.push_back(address);
  };
  for (const auto& address : settings.route.own_addresses) add(address);
  for (const auto* source : all_sources(settings))
    if (is_public(source->address)) add(source->address);
  if (const auto interfaces = net::SystemInterfaces().addresses())
    for (const auto& address : *interfaces)
      if (is_public(address)) add(address);
  return all;
}

std::vector<std::string> own_domains(const config::Settings& settings) {
  std::vector<std::string> domains;
  for (const auto& [name, domain] : settings.route.domains)
    if (!name.starts_with("table:") && domain.deliver.kind != route::DeliverKind::mx) domains.push_back(name);
  return domains;
}

void judge_validation(dns::Validation validation, Findings& findings) {
  constexpr const char* check = "resolver";
  constexpr const char* remedy = "run a resolver on this machine that validates (apt install unbound)";
  switch (validation) {
    case dns::Validation::works:
      return findings.ok(check, "DNS", "it validates (DNSSEC)");
    case dns::Validation::unknown:
      return findings.problem(check, "DNS", "the DNS servers do not answer", ask_again);
    case dns::Validation::missing:
      return findings.warn(check, "DNS", "it does not validate: DANE protects nothing that is sent", remedy);
    case dns::Validation::untrusted:
      return findings.warn(check, "DNS",
                           "it is not on this machine, and so not trusted to validate: DANE protects nothing", remedy);
  }
}

boost::asio::awaitable<void> run_examinations(const Patient& patient, const DoctorWishes& wishes, Findings& findings) {
  struct One {
    const char* check;
    Examination (*examine)(const Patient&, Findings&);
  };
  constexpr std::array all = {
      One{"ptr", check_reverse},         One{"helo", check_hostname},        One{"mx", check_mx},
      One{"spf", check_spf_records},     One{"dkim", check_dkim_keys},       One{"dmarc", check_dmarc_records},
      One{"mta-sts", check_mta_sts},     One{"tlsrpt", check_tls_reporting}, One{"tlsa", check_tlsa},
      One{"listener", check_listeners},  One{"outgoing", check_outgoing},    One{"relay", check_relaying},
      One{"blocklist", check_blocklists}};
  for (const auto& one : all) {
    wishes.begins(one.check);
    auto examining = one.examine(patient, findings);
    co_await std::move(examining);
  }
}

// As the daemon does it: one that it got for itself comes first, once it is there.
config::Settings as_served(config::Settings settings) {
  const auto is_served_first = [](const auto& files) {
    std::error_code error;
    return files.is_awaited && std::filesystem::exists(files.certificate, error);
  };
  std::ranges::stable_partition(settings.tls.certificates, is_served_first);
  return settings;
}

}  // namespace

Findings examine_host(const config::Settings& configured, const DoctorWishes& wishes, const base::Clock& clock,
                      const MachineProbe& machine) {
  Findings findings;
  const auto settings = as_served(configured);
  ZoneFile zone = wishes.zone != nullptr ? *wishes.zone : ZoneFile();
  // ask_dns() returns when it has ended: NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines)
  const auto questions = [&](net::Reactor& reactor, dns::CachingResolver& caching) -> boost::asio::awaitable<void> {
    dns::BoundedResolver bounded(caching, clock, most_questions);
    bounded.set_deadline(clock.mono() + patience_with_dns);
    const bool is_offline = wishes.zone != nullptr;
    dns::Resolver& resolver = is_offline ? static_cast<dns::Resolver&>(zone) : bounded;
    const Patient patient{.settings = settings,
                          .addresses = wishes.addresses.empty() ? known_addresses(settings) : wishes.addresses,
                          .domains = own_domains(settings),
                          .blocklists = wishes.blocklists,
                          .destinations = wishes.destinations,
                          .now = clock.wall(),
                          .is_offline = is_offline,
                          .resolver = resolver,
                          .reactor = reactor};
    wishes.begins("machine");
    check_machine(settings, wishes, machine, findings);
    wishes.begins("certificate");
    check_certificates(patient, findings);
    if (!is_offline) {
      wishes.begins("resolver");
      judge_validation(co_await caching.validation(), findings);
    }
    auto examining = run_examinations(patient, wishes, findings);
    co_await std::move(examining);
  };
  ask_dns(settings.dns, clock, questions);
  return findings;
}

}  // namespace godwit::setup
