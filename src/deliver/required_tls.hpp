// SPDX-License-Identifier: Apache-2.0
// What goes wrong with TLS, for a message that goes in no other way (RFC 8689 section 4.2.1).  Private to deliver/;
// pure.
#pragma once

#include <string>

#include "godwit/base/ip_address.hpp"
#include "godwit/route/router.hpp"
#include "godwit/smtp/client_session.hpp"

namespace godwit::deliver {

// "If there are no more MX hosts": TLS that a host does not offer, or cannot do as its policy wants, is not waited for,
// but a 4yz to STARTTLS is, and a connection that was lost.  Other results stay as they are.
smtp::RecipientResult as_required(smtp::RecipientResult result);

// Of a host that must not be used, `why`.  One about which signed DNS could not be asked is waited for.
smtp::RecipientResult skipped_host(const route::Host& host, std::string why, bool needs_tls);

// A store that speaks LMTP in the clear: only on this machine is nobody between it and us.
std::string why_unprotected(const base::Endpoint& store);

}  // namespace godwit::deliver
