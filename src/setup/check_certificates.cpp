// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "checks.hpp"
#include "godwit/acme/last_failure.hpp"
#include "godwit/net/certificate_identity.hpp"
#include "godwit/net/tls.hpp"

namespace godwit::setup {
namespace {

constexpr base::Duration renewal_is_late = std::chrono::hours(24 * 14);

void check_certificate_of(const Patient& patient, const net::CertificateSettings& files, bool is_first,
                          Findings& findings) {
  constexpr const char* check = "certificate";
  const auto facts = net::check_certificate(files);
  const char* renew =
      files.is_awaited ? "see godwitctl tls, and tls.acme in the configuration" : "renew it (certbot renew)";
  const auto failure = files.is_awaited ? acme::last_failure(patient.settings.state.directory) : std::nullopt;
  if (failure) findings.warn(check, files.certificate, "the daemon could not get a new one: " + *failure, renew);
  if (!facts && files.is_awaited)
    return findings.problem(check, files.certificate, "there is none yet that the daemon got for itself", renew);
  if (!facts)
    return findings.problem(check, files.certificate, facts.error().message,
                            "put it right; see godwitctl config check");
  const auto& hostname = patient.settings.hostname;
  const auto until = base::format_rfc3339(facts->not_after).substr(0, 10);
  if (facts->not_after <= patient.now)
    return findings.problem(check, files.certificate, "it expired on " + until, renew);
  if (facts->not_before > patient.now)
    return findings.problem(check, files.certificate,
                            "it is valid only from " + base::format_rfc3339(facts->not_before), "is the clock right?");
  if (facts->not_after - patient.now < renewal_is_late)
    return findings.warn(check, files.certificate, "it expires on " + until, renew);
  // Further ones serve other names (SNI).
  const auto name = is_first || facts->names.empty() ? hostname : facts->names.front();
  const auto why = net::why_distrusted(files, name, patient.settings.tls.ca_file, patient.now);
  if (!why) return findings.warn(check, files.certificate, why.error().message, "correct tls.ca_file");
  if (!why->empty())
    return findings.warn(
        check, files.certificate, fmt::format("mail programs will not trust it for {}: {}", name, *why),
        fmt::format("get one from an authority: certbot certonly --standalone -d {}, then godwitctl init", hostname));
  findings.ok(check, files.certificate, fmt::format("{} for {}, until {}", facts->key_type, name, until));
}

}  // namespace

void check_certificates(const Patient& patient, Findings& findings) {
  const auto& certificates = patient.settings.tls.certificates;
  if (certificates.empty())
    findings.problem("certificate", patient.settings.hostname,
                     "there is none: no TLS is offered, and users cannot log in",
                     "godwitctl init, or tls.certificates or tls.acme in the configuration");
  for (const auto& files : certificates)
    check_certificate_of(patient, files, &files == &certificates.front(), findings);
}

}  // namespace godwit::setup
