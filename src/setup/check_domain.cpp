// SPDX-License-Identifier: Apache-2.0
// Whether mail for the domains comes here, and whether this host may send theirs.
#include <algorithm>

#include <fmt/format.h>

#include "checks.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mailauth/spf.hpp"

namespace godwit::setup {
namespace {

std::string hosts_of(const std::vector<dns::Mx>& records) {
  std::vector<std::string> words;
  for (const auto& record : records) words.push_back(fmt::format("{} {}", record.preference, record.exchange));
  return base::join(words, ", ");
}

struct Exchange {
  bool is_ours = false;
  std::string fault;  // what is wrong with it; empty: nothing
};

boost::asio::awaitable<Exchange> look_at_exchange(const Patient& patient, std::string name) {
  const auto alias = co_await patient.resolver.cname(name);
  const auto v4 = co_await patient.resolver.addresses(name, dns::Family::v4);
  const auto v6 = co_await patient.resolver.addresses(name, dns::Family::v6);
  Exchange exchange{.is_ours = name == patient.settings.hostname, .fault = {}};
  for (const auto* answer : {&v4, &v6})
    for (const auto& address : answer->records)
      if (std::ranges::find(patient.addresses, address) != patient.addresses.end()) exchange.is_ours = true;
  const bool is_unknown = v4.status == dns::Status::temporary || v6.status == dns::Status::temporary;
  if (!alias.records.empty())
    exchange.fault = name + " is an alias, which a mail host may not be (RFC 2181 section 10.3)";
  else if (v4.records.empty() && v6.records.empty() && !is_unknown)
    exchange.fault = name + " has no address";
  co_return exchange;
}

boost::asio::awaitable<void> check_mx_of(const Patient& patient, std::string domain, Findings& findings) {
  constexpr const char* check = "mx";
  const auto& hostname = patient.settings.hostname;
  const auto remedy = fmt::format("publish: {}. IN MX 10 {}.", domain, hostname);
  const auto answer = co_await patient.resolver.mx(domain);
  if (answer.status == dns::Status::temporary)
    co_return findings.warn(check, domain, no_answer("its MX", answer.why), ask_again);
  if (answer.records.empty()) co_return findings.problem(check, domain, "it has no MX record", remedy);
  bool is_ours = false;
  std::vector<std::string> faults;
  for (const auto& record : answer.records) {
    if (record.exchange.empty())
      co_return findings.problem(check, domain, "its MX record says that it takes no mail (RFC 7505)", remedy);
    auto exchange = co_await look_at_exchange(patient, record.exchange);
    is_ours = is_ours || exchange.is_ours;
    if (!exchange.fault.empty()) faults.push_back(std::move(exchange.fault));
  }
  const auto said = hosts_of(answer.records);
  if (!faults.empty())
    co_return findings.problem(check, domain, base::join(faults, "; "), "correct that host's records");
  if (!is_ours) co_return findings.problem(check, domain, fmt::format("its mail goes elsewhere: {}", said), remedy);
  findings.ok(check, domain, said);
}

boost::asio::awaitable<void> check_spf_of(const Patient& patient, std::string domain, base::IpAddress address,
                                          Findings& findings) {
  using mailauth::SpfResult;
  constexpr const char* check = "spf";
  const auto about = fmt::format("{} from {}", domain, to_string(address));
  mailauth::SpfQuery query{.client = address,
                           .hello = patient.settings.hostname,
                           .local = "postmaster",
                           .domain = domain,
                           .receiver = patient.settings.hostname,
                           .now = patient.now};
  const auto outcome = co_await mailauth::check_spf(patient.resolver, std::move(query));
  const auto verdict =
      fmt::format("{}{}{}", to_string(outcome.result), outcome.mechanism.empty() ? "" : " by ", outcome.mechanism);
  switch (outcome.result) {
    case SpfResult::pass:
      co_return findings.ok(check, about, verdict);
    case SpfResult::none:
      co_return findings.problem(check, about, "the domain has no SPF record",
                                 fmt::format("publish: {}. IN TXT \"v=spf1 mx ~all\"", domain));
    case SpfResult::temp_error:
      co_return findings.warn(check, about, no_answer("its SPF record", outcome.problem), ask_again);
    case SpfResult::perm_error:
      co_return findings.problem(check, about, "the record is wrong: " + outcome.problem, "correct it");
    default:
      co_return findings.problem(check, about, fmt::format("this host may not send its mail: {}", verdict),
                                 "let the record name this host, by mx or its addresses");
  }
}

}  // namespace

boost::asio::awaitable<void> check_mx(const Patient& patient, Findings& findings) {
  if (patient.domains.empty())
    findings.warn("mx", patient.settings.hostname, "no domains are configured whose mail ends here",
                  "godwitctl init DOMAIN, or domains in the configuration");
  for (const auto& domain : patient.domains) co_await check_mx_of(patient, domain, findings);
}

boost::asio::awaitable<void> check_spf_records(const Patient& patient, Findings& findings) {
  for (const auto& domain : patient.domains)
    for (const auto& address : patient.addresses) co_await check_spf_of(patient, domain, address, findings);
}

}  // namespace godwit::setup
