// SPDX-License-Identifier: Apache-2.0
// What both sides of TLS set the same way.
#pragma once

#include <string_view>

#include "godwit/base/result.hpp"
#include "godwit/net/openssl.hpp"

namespace godwit::net {

// Small idle connections, no renegotiation, no compression, the minimum version.  Errors: invalid (unknown version).
base::Result<> apply_common_settings(SSL_CTX& context, std::string_view minimum_version);

}  // namespace godwit::net
