// SPDX-License-Identifier: Apache-2.0
// Whether others can know that TLS with this host is to be insisted on: MTA-STS (RFC 8461), DANE (RFC 7672), and
// whether they report (RFC 8460).
#include <algorithm>

#include <fmt/format.h>

#include "checks.hpp"
#include "godwit/base/text.hpp"
#include "godwit/net/certificate_identity.hpp"
#include "godwit/net/http_client.hpp"
#include "godwit/route/mta_sts.hpp"
#include "godwit/route/sts_fetch.hpp"
#include "godwit/setup/dns_records.hpp"

namespace godwit::setup {
namespace {

constexpr base::Duration fetching = std::chrono::seconds(15);

bool is_trusted_by_all(const config::Settings& settings, base::WallTime now) {
  if (settings.tls.certificates.empty()) return false;
  const auto why = net::why_distrusted(settings.tls.certificates.front(), settings.hostname, settings.tls.ca_file, now);
  return why && why->empty();
}

void judge_policy(const Patient& patient, const std::string& domain, const route::StsPolicy& policy,
                  Findings& findings) {
  constexpr const char* check = "mta-sts";
  using Mode = route::StsPolicy::Mode;
  const auto& hostname = patient.settings.hostname;
  const auto mode = std::string(to_string(policy.mode));
  if (policy.mode == Mode::none) return findings.ok(check, domain, "the policy is switched off (mode none)");
  const auto bad = [&](std::string evidence, std::string remedy) {
    if (policy.mode == Mode::enforce)
      findings.problem(check, domain, "senders that obey it send nothing here: " + evidence, std::move(remedy));
    else
      findings.warn(check, domain, std::move(evidence), std::move(remedy));
  };
  if (!route::sts_allows(policy, hostname))
    return bad("the policy does not name " + hostname, fmt::format("add to it: mx: {}", hostname));
  if (!is_trusted_by_all(patient.settings, patient.now))
    return bad("the certificate of this host is not one that everybody trusts", "see the check \"certificate\"");
  findings.ok(check, domain, "the policy names this host, mode " + mode);
}

boost::asio::awaitable<void> check_policy(const Patient& patient, std::string domain, Findings& findings) {
  constexpr const char* check = "mta-sts";
  const auto tls = net::TlsClientContext::load(patient.settings.tls);
  if (!tls) co_return findings.warn(check, domain, tls.error().message, "correct tls.ca_file");
  net::HttpClient client(patient.reactor.network(), patient.resolver);
  auto request = route::sts_request(domain, patient.settings.route.https_port);
  net::HttpLimits limits{.deadline = patient.reactor.deadlines().now() + fetching, .body = route::largest_sts_policy};
  auto fetching_policy = client.exchange(std::move(request), *tls, limits);
  const auto outcome = co_await std::move(fetching_policy);
  const auto fetched = route::sts_fetched(outcome);
  if (!fetched)
    co_return findings.problem(
        check, domain, "it is announced, but the policy cannot be had: " + fetched.error().why,
        fmt::format("serve it at https://mta-sts.{}/.well-known/mta-sts.txt, or take the record out", domain));
  judge_policy(patient, domain, *fetched, findings);
}

boost::asio::awaitable<void> check_sts_of(const Patient& patient, std::string domain, Findings& findings) {
  constexpr const char* check = "mta-sts";
  const auto name = "_mta-sts." + domain;
  const auto answer = co_await patient.resolver.txt(name);
  if (answer.status == dns::Status::temporary)
    co_return findings.warn(check, domain, no_answer(name, answer.why), ask_again);
  const auto id = route::sts_record_id(answer.records);
  if (answer.records.empty())
    co_return findings.warn(check, domain, "it announces no policy: a man in the middle can strip TLS from mail to it",
                            "publish the record and the policy that godwitctl init shows");
  if (id.empty())
    co_return findings.problem(check, domain, fmt::format("its record is wrong: {}", answer.records.front()),
                               fmt::format("publish: {}. IN TXT \"{}\"", name, sts_record(patient.settings.hostname)));
  if (patient.is_offline) co_return findings.ok(check, domain, fmt::format("policy {}, which was not fetched", id));
  co_await check_policy(patient, domain, findings);
}

boost::asio::awaitable<void> check_reporting_of(const Patient& patient, std::string domain, Findings& findings) {
  constexpr const char* check = "tlsrpt";
  const auto name = "_smtp._tls." + domain;
  const auto publish = fmt::format("publish: {}. IN TXT \"v=TLSRPTv1; rua=mailto:postmaster@{}\"", name, domain);
  const auto answer = co_await patient.resolver.txt(name);
  if (answer.status == dns::Status::temporary)
    co_return findings.warn(check, domain, no_answer(name, answer.why), ask_again);
  if (answer.records.empty())
    co_return findings.warn(check, domain, "nobody is asked for reports on TLS with this host", publish);
  const auto& record = answer.records.front();
  const auto uri = tag_of(record, "rua");
  if (answer.records.size() > 1 || tag_of(record, "v") != "TLSRPTv1" ||
      (!uri.starts_with("mailto:") && !uri.starts_with("https:")))
    co_return findings.problem(check, domain, "its record is wrong: " + record, publish);
  findings.ok(check, domain, record);
}

// Whether one of the records names one of the certificates; else why not.
std::string match_records(const config::Settings& settings, const std::vector<dns::Tlsa>& records) {
  for (const auto& files : settings.tls.certificates)
    for (const auto& record : records) {
      const auto named = net::is_named_by(files, record);
      if (!named) return named.error().message;
      if (*named) return {};
    }
  return "no record names the certificate that this host shows";
}

}  // namespace

std::uint16_t mx_port(const config::Settings& settings) {
  for (const auto& listener : settings.server.listeners)
    if (listener.service == smtp::Service::mx) return listener.address.port;
  return 25;
}

boost::asio::awaitable<void> check_mta_sts(const Patient& patient, Findings& findings) {
  for (const auto& domain : patient.domains) co_await check_sts_of(patient, domain, findings);
}

boost::asio::awaitable<void> check_tls_reporting(const Patient& patient, Findings& findings) {
  for (const auto& domain : patient.domains) co_await check_reporting_of(patient, domain, findings);
}

boost::asio::awaitable<void> check_tlsa(const Patient& patient, Findings& findings) {
  constexpr const char* check = "tlsa";
  const auto& settings = patient.settings;
  const auto port = mx_port(settings);
  const auto name = fmt::format("_{}._tcp.{}", port, settings.hostname);
  if (settings.tls.certificates.empty()) co_return;  // "certificate" says so
  const auto own = net::tlsa_of(settings.tls.certificates.front());
  const auto publish =
      own ? "publish: " + tlsa_line(settings.hostname, port, *own) : std::string("see the check \"certificate\"");
  const auto answer = co_await patient.resolver.tlsa(name);
  if (answer.status == dns::Status::temporary)
    co_return findings.warn(check, name, no_answer("it", answer.why), ask_again);
  if (answer.records.empty())
    co_return findings.warn(
        check, name, "there is no TLSA record; with DNSSEC it would make TLS with this host safe (DANE)", publish);
  if (std::ranges::none_of(answer.records, net::is_usable))
    co_return findings.problem(check, name, "no record is of a kind that mail hosts use (RFC 7672 section 3.1)",
                               publish);
  if (const auto why = match_records(settings, answer.records); !why.empty())
    co_return findings.problem(check, name, why + "; hosts that obey DANE send nothing here", publish);
  if (!answer.authentic && !patient.is_offline)
    co_return findings.warn(check, name, "it matches, but is not seen to be signed: nobody heeds it",
                            "sign the zone (DNSSEC), and have a resolver here that validates");
  findings.ok(check, name,
              fmt::format("{} record{}, matching", answer.records.size(), answer.records.size() == 1 ? "" : "s"));
}

}  // namespace godwit::setup
