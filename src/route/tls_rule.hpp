// SPDX-License-Identifier: Apache-2.0
// What the configuration says of TLS, made into the policy of one host.  Private to route/; pure.
#pragma once

#include <string>
#include <vector>

#include "godwit/route/router.hpp"

namespace godwit::route {

struct TlsRule {
  TlsLevel level = TlsLevel::opportunistic;
  std::string name{};  // that the certificate must bear; empty: what the host is known by
  std::string source = "default";
};

// What a host is known by.
struct KnownHost {
  std::string name{};    // of the host: "mx1.example.net", or the literal "[10.0.0.5]"
  std::string domain{};  // whose MX it is; empty: a rule names the host itself
  bool secure = false;   // the MX answer was authentic
};

// The name of an MX host proves nothing where an attacker could have put it into the MX answer: then only the domain,
// or a name below it, is as good as what the sender or the administrator asked for.
// Where dane is demanded the host is skipped: it is the records that are found later (dane.hpp) which let it be used.
TlsPolicy policy_for(const TlsRule& rule, const KnownHost& host);

// Of which a certificate must bear one to prove the host (RFC 8689 section 4.2.1).
std::vector<std::string> proofs_of(const KnownHost& host);

// For REQUIRETLS: a host that no policy verifies already is to prove itself, or is skipped.
void demand_verification(Host& host);

}  // namespace godwit::route
