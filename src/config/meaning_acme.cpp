// SPDX-License-Identifier: Apache-2.0
// What is right key by key and wrong together, of the certificate that the daemon gets for itself.
#include <algorithm>

#include <fmt/format.h>

#include "findings.hpp"
#include "meaning.hpp"

namespace godwit::config {
namespace {

class AcmeChecks : Findings {
 public:
  using Findings::Findings;

  void all() {
    const auto& acme = settings_.acme;
    if (!is_set("tls.acme")) return;
    if (!acme.terms_of_service_agreed)
      error("tls.acme",
            "nothing is ordered before you agree to the authority's terms of service: read them, then set "
            "terms_of_service_agreed: yes");
    if (!acme.webroot.empty() && acme.challenge != acme::ChallengeKind::http_01)
      error("tls.acme.webroot", "webroot is for challenge: http-01");
    if (!acme.webroot.empty() && is_set("tls.acme.listen"))
      error("tls.acme.listen", "with webroot nothing is listened on");
    if (acme.external_key_id.empty() != acme.external_key_file.empty())
      error("tls.acme.external_account", "external_account needs both key_id and hmac_key_file");
    port();
    names();
  }

 private:
  // Authorities know no other (RFC 8555 section 8.3, RFC 8737 section 3).
  void port() {
    const auto& acme = settings_.acme;
    if (!acme.listen) return;
    const unsigned wanted = acme.challenge == acme::ChallengeKind::http_01 ? 80 : 443;
    if (acme.listen->port != wanted)
      warn("tls.acme.listen",
           fmt::format("authorities ask at port {}: something must lead from there to {}", wanted, acme.listen->port));
    const auto is_same = [&](const auto& listener) { return listener.address.port == acme.listen->port; };
    if (std::ranges::any_of(settings_.server.listeners, is_same))
      error("tls.acme.listen", fmt::format("port {} is one of listeners", acme.listen->port));
  }

  void names() {
    const auto& names = settings_.acme.names;
    constexpr std::size_t most = 100;  // of the largest authority
    if (names.size() > most) error("tls.acme.names", fmt::format("a certificate has at most {} names", most));
  }
};

}  // namespace

void check_acme(Loaded& loaded) {
  AcmeChecks(loaded).all();
}

}  // namespace godwit::config
