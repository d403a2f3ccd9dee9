// SPDX-License-Identifier: Apache-2.0
// Sender Policy Framework (RFC 7208): whether a domain lets a client send in its name.  Asked by server/ at MAIL, once
// for HELO and once for MAIL FROM.  Runs on the resolver's reactor; no other state.  Bounded: 10 terms that need a
// look-up, 2 look-ups without an answer (section 4.6.4), 10 names of an MX or PTR; how long the look-ups may take in
// all is the resolver's business (dns/bounded_resolver.hpp).
#pragma once

#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/dns/resolver.hpp"

namespace godwit::mailauth {

enum class SpfResult { none, neutral, pass, fail, soft_fail, temp_error, perm_error };  // RFC 7208 section 2.6
std::string_view to_string(SpfResult result);  // as RFC 8601 section 2.7.2 writes it: "softfail"

struct SpfQuery {
  base::IpAddress client;
  std::string hello;     // as the client said it
  std::string local;     // of the identity; empty: "postmaster" (section 4.3)
  std::string domain;    // of the identity: of MAIL FROM, or what HELO said
  std::string receiver;  // our name, for the macro %{r}
  base::WallTime now{};  // for %{t}
};

struct SpfOutcome {
  SpfResult result = SpfResult::none;
  std::string explanation{};  // the domain's words for a fail: US-ASCII, from outside; empty: none
  std::string mechanism{};    // what decided, as the record has it; empty: nothing matched
  std::string problem{};      // our words for an error
};

// check_host() of section 4.
boost::asio::awaitable<SpfOutcome> check_spf(dns::Resolver& resolver, SpfQuery query);

// "Received-SPF: pass (…) client-ip=…; …" with its CRLF, folded (section 9.1).
enum class SpfIdentity { mail_from, hello };
std::string received_spf_field(const SpfQuery& query, const SpfOutcome& outcome, SpfIdentity identity);

}  // namespace godwit::mailauth
