// SPDX-License-Identifier: Apache-2.0
// What an MTA-STS policy makes of the hosts of a domain (RFC 8461 section 5).  Private to route/; pure.
#pragma once

#include "godwit/route/router.hpp"
#include "godwit/route/sts_policies.hpp"
#include "tls_rule.hpp"

namespace godwit::route {

// A route's own word on TLS stands above that of the domain, and so does an administrator who wants no TLS at all.
bool may_be_bound(const TlsRule& rule);
// Whether a policy could change anything: not where signed DNS says what each host must show (RFC 8461 section 2).
bool can_be_bound(const SmtpHop& hop);
// Where the policy is enforced, the hosts that it names must prove that they bear their names, and the others are
// skipped; but hosts that DANE speaks for are left as they are.  Nobody is bound in testing mode, but the hosts may be
// asked for their names.  Reports are told of it in any case.
void apply_sts(const StsVerdict& verdict, SmtpHop& hop);

}  // namespace godwit::route
