// SPDX-License-Identifier: Apache-2.0
// What is asked of the authority in the end, and what it gives: a request for a certificate (RFC 2986), and the chain
// (RFC 8555 sections 7.4 and 9.1).  Pure; private to acme/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "key.hpp"

namespace godwit::acme {

// DER.  Errors: io (the library refused).
base::Result<std::string> make_certificate_request(const Key& key, const std::vector<std::string>& names);

// The chain as PEM and nothing else that may have stood there.  Errors: invalid (no certificates, of another key, not
// for all of the names, or not of this time).
base::Result<std::string> checked_chain(const std::string& pem, const Key& key, const std::vector<std::string>& names,
                                        base::WallTime now);

}  // namespace godwit::acme
