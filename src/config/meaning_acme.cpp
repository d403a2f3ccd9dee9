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
  void port() {
    const auto place = acme::listening_place(settings_.acme);
    if (!place) return;
    const auto* const key = settings_.acme.listen ? "tls.acme.listen" : "tls.acme";
    // Authorities know no other (RFC 8555 section 8.3, RFC 8737 section 3).
    const unsigned wanted = settings_.acme.challenge == acme::ChallengeKind::http_01 ? 80 : 443;
    if (place->port != wanted)
      warn(key, fmt::format("authorities ask at port {}: something must lead from there to {}", wanted, place->port));
    const auto is_taken = [&](const auto& listener) { return overlap(listener.address, *place); };
    if (std::ranges::any_of(settings_.server.listeners, is_taken))
      error(key, fmt::format("port {} is one of listeners", place->port));
    if (const auto& http = settings_.control.http; http && overlap(*http, *place))
      error(key, fmt::format("port {} is that of control.http", place->port));
  }

  static bool overlap(const base::Endpoint& a, const base::Endpoint& b) {
    const auto covers = [](const auto& one, const auto& other) {
      return one.address == other.address ||
             (one.address.is_unspecified() && (one.address.is_v6() || other.address.is_v4()));
    };
    return a.port == b.port && a.unix_path.empty() && (covers(a, b) || covers(b, a));
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
