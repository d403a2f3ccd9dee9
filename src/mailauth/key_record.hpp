// SPDX-License-Identifier: Apache-2.0
// The record with a public key (RFC 6376 section 3.6.1), looked up and read; for DKIM and ARC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/result.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/mailauth/key.hpp"

namespace godwit::mailauth {

struct KeyRecord {
  Key key;
  bool is_testing = false;  // t=y
  bool is_strict = false;   // t=s: an identity must be of the very domain
};

// Errors: not_found (there is no key, or it is revoked), invalid (not a key for this), timed_out (ask again later).
base::Result<KeyRecord> parse_key_record(std::string_view text, KeyKind wanted);
boost::asio::awaitable<base::Result<KeyRecord>> find_key(dns::Resolver& resolver, std::string selector,
                                                         std::string domain, KeyKind wanted);

}  // namespace godwit::mailauth
