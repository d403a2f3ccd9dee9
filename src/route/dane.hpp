// SPDX-License-Identifier: Apache-2.0
// What the TLSA records of a host ask of a connection to it (RFC 7672 section 2).  Private to route/.
#pragma once

#include <cstdint>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "godwit/dns/resolver.hpp"
#include "godwit/route/tls_policy.hpp"

namespace godwit::route {

// A host and how it was found.
struct DaneHost {
  std::string name{};              // as MX or rule name it
  std::string canonical_name{};    // behind its aliases
  bool secure = false;             // its addresses, and all aliases on the way to them, were authentic
  std::uint16_t port = 25;         // where it will be connected to
  std::string domain{};            // whose MX it is, from an authentic answer; empty: there is no MX
  std::string canonical_domain{};  // behind the domain's aliases
};

// `otherwise`, the policy of a host without DANE, where nothing secure speaks for it.  Else the policy has the source
// "dane":
//  * records that can be used: dane;
//  * only such as cannot: require (RFC 7672 section 2.2: encrypted, by whomever);
//  * the lookup fails or is bogus: skip.  An attacker who can stop an answer must not get the clear text.
// With `otherwise.level` dane there is no other way: a host of which no record can be used is skipped.
boost::asio::awaitable<TlsPolicy> dane_policy(TlsPolicy otherwise, DaneHost host, dns::Resolver& resolver);

}  // namespace godwit::route
