// SPDX-License-Identifier: Apache-2.0
// A client's session that trusts what TLSA records say, and nothing else (RFC 7672 section 3).  Private to net/.
#pragma once

#include <string>
#include <vector>

#include "godwit/dns/resolver.hpp"
#include "godwit/net/openssl.hpp"

namespace godwit::net {

// Requires: a context that SSL_CTX_dane_enable has prepared; base, the TLSA base domain.  False: OpenSSL takes none of
// the records.
bool trust_records(SSL& session, const std::string& base, const std::vector<dns::Tlsa>& records);

}  // namespace godwit::net
