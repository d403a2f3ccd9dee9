// SPDX-License-Identifier: Apache-2.0
#include "tls_result.hpp"

#include <utility>

#include <fmt/format.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"

namespace godwit::deliver {
namespace {

constexpr std::size_t longest_reason = 200;

struct Result {
  std::string type{};  // empty: success
  std::string reason{};
};

// OpenSSL's words.
std::string_view failure_type(std::string_view why) {
  if (why.find("certificate has expired") != std::string_view::npos) return "certificate-expired";
  if (why.find("hostname mismatch") != std::string_view::npos ||
      why.find("IP address mismatch") != std::string_view::npos)
    return "certificate-host-mismatch";
  if (why.starts_with("certificate verify failed")) return "certificate-not-trusted";
  return "validation-failure";
}

// The policy that counts is that of signed DNS, whatever MTA-STS says.
bool has_dane(const route::Host& host) {
  return host.tls.source == "dane";
}

// What testing mode only counts, since the handshake asked for no certificate in particular.
Result as_if_enforced(const route::StsPolicy& policy, const route::Host& host, const TlsFacts& facts) {
  if (!sts_allows(policy, host.name)) return {"validation-failure", std::string(route::not_in_sts_policy)};
  if (facts.verify == "ok") return {};
  const auto why = facts.verify.empty() ? "the host has no certificate" : facts.verify;
  return {std::string(failure_type("certificate verify failed: " + why)), why};
}

std::optional<Result> result_of(const route::SmtpHop& hop, const route::Host& host, const TlsFacts& facts) {
  if (!facts.failure.empty()) return Result{std::string(failure_type(facts.failure)), facts.failure};
  if (facts.agreed) {
    const auto& sts = hop.reporting.sts;
    const bool testing = sts && !has_dane(host) && sts->mode == route::StsPolicy::Mode::testing;
    return testing ? as_if_enforced(*sts, host, facts) : Result{};
  }
  if (!facts.greeted) return {};
  return Result{"starttls-not-supported", facts.offered ? "STARTTLS was refused" : "STARTTLS is not offered"};
}

// RFC 6698 section 2.2.
std::string text_of(const dns::Tlsa& record) {
  return fmt::format("{} {} {} {}", record.usage, record.selector, record.matching, base::hex_encode(record.data));
}

void add_sts(const route::TlsReporting& reporting, TlsSession& session) {
  if (reporting.sts) {
    session.policy_type = "sts";
    session.policy_strings = sts_lines(*reporting.sts);
    session.policy_hosts = reporting.sts->mx;
  } else {
    session.policy_type = reporting.problem.empty() ? "no-policy-found" : "sts";
  }
}

TlsSession make_session(const route::SmtpHop& hop, const route::Host& host, Result result) {
  TlsSession session;
  session.domain = hop.reporting.domain;
  session.mail_host = host.name;
  if (has_dane(host)) {
    session.policy_type = "tlsa";
    for (const auto& record : host.tls.tlsa) session.policy_strings.push_back(text_of(record));
  } else {
    add_sts(hop.reporting, session);
    // A policy that could not be had is the failure, whatever became of TLS without it.
    if (!hop.reporting.problem.empty()) result = {hop.reporting.problem, hop.reporting.why};
  }
  session.failure = std::move(result.type);
  session.reason = base::printable(result.reason, longest_reason);
  return session;
}

// What a message demands beyond what the domain says is no trouble of the domain's.
bool is_reported(const route::SmtpHop& hop, const route::Host& host) {
  return !hop.reporting.domain.empty() && host.tls.source != "requiretls";
}

// Of a host that was not even tried.
std::string_view type_of_skip(const route::TlsPolicy& policy) {
  if (policy.source == "mta-sts") return "validation-failure";
  if (policy.source != "dane") return "dane-required";
  return policy.level == route::TlsLevel::dane ? "dnssec-invalid" : "tlsa-invalid";
}

}  // namespace

std::optional<TlsSession> tls_session(const route::SmtpHop& hop, const route::Host& host, const TlsFacts& facts) {
  if (!is_reported(hop, host)) return {};
  auto result = result_of(hop, host, facts);
  if (!result) return {};
  auto session = make_session(hop, host, std::move(*result));
  session.sending_address = to_string(facts.local.address);
  session.receiving_address = to_string(facts.remote.address);
  return session;
}

std::optional<TlsSession> skipped_session(const route::SmtpHop& hop, const route::Host& host) {
  if (!is_reported(hop, host)) return {};
  return make_session(hop, host, {std::string(type_of_skip(host.tls)), host.tls.skip});
}

}  // namespace godwit::deliver
