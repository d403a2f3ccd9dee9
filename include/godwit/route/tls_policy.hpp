// SPDX-License-Identifier: Apache-2.0
// How a connection to one host must be protected.  The router fills it for every host that it names; deliver/ obeys it.
// Plain data.
#pragma once

#include <string>
#include <vector>

#include "godwit/dns/resolver.hpp"
#include "godwit/route/settings.hpp"

namespace godwit::route {

// What a message asks of TLS.  required: REQUIRETLS, a host is used only if it can be verified (RFC 8689
// section 4.2.1). waived: "TLS-Required: No", what the recipient's domain publishes of TLS (DANE, MTA-STS) is not
// looked at (section 4.2.2); what our own configuration says still counts.
enum class TlsDemand { usual, required, waived };

struct TlsPolicy {
  // none: no STARTTLS.  opportunistic: TLS where it is offered and works, else in clear.  require: never in clear, any
  // certificate.  verify: the certificate must be trusted and bear one of `names`.  dane: it must match one of `tlsa`
  // (RFC 7672); of usage 2, also bear one of `names`.
  TlsLevel level = TlsLevel::opportunistic;
  // For dane the first is the TLSA base domain, which is also the name to ask for by SNI (RFC 7672 section 8.1).
  // ".example.net" stands for every name below example.net.
  std::vector<std::string> names{};
  std::vector<dns::Tlsa> tlsa{};  // usable ones, at least one for dane
  // By whose words: "default" (delivery.tls), "route", "dane", "mta-sts", "requiretls" (the message's).
  std::string source = "default";
  // Not empty: the host must not be used now, why.
  std::string skip{};
  bool operator==(const TlsPolicy&) const = default;
};

}  // namespace godwit::route
