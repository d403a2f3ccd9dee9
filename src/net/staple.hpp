// SPDX-License-Identifier: Apache-2.0
// What the authority of a certificate says of it (OCSP, RFC 6960), for servers to hand out with it (RFC 6066 section
// 8). It is in a file that a job of the administrator's fetches; nothing here asks the authority.
#pragma once

#include <optional>
#include <string>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/net/openssl.hpp"

namespace godwit::net {

struct Staple {
  std::string der;
  std::optional<base::WallTime> until;  // the next update; empty: none is told
};

// Errors: not_found, io, invalid (no OCSP response, or none that says that this certificate is good).
base::Result<Staple> load_staple(const std::string& path, const X509& certificate);

}  // namespace godwit::net
