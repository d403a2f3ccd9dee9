// SPDX-License-Identifier: Apache-2.0
// Reads what a peer offers from its reply to EHLO or LHLO (RFC 5321 section 4.1.1.1).  Unknown and masked keywords mean
// nothing.
#pragma once

#include "godwit/smtp/client_session.hpp"

namespace godwit::smtp {

// Requires: the reply is positive.
PeerCapabilities read_capabilities(const Reply& reply);

}  // namespace godwit::smtp
