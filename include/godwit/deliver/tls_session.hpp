// SPDX-License-Identifier: Apache-2.0
// What became of TLS with one mail host, as reports tell it (RFC 8460 section 4).  Plain data.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace godwit::deliver {

struct TlsSession {
  std::string domain;  // whose mail it was
  // The policy that counted: "sts", "tlsa" or "no-policy-found"; its lines or records; the mail hosts it names.
  std::string policy_type;
  std::vector<std::string> policy_strings;
  std::vector<std::string> policy_hosts;
  // Empty: TLS was agreed on, and is as the policy wants it.  Else the result type of RFC 8460 section 4.3.
  std::string failure;
  std::string reason;  // of a failure: words of ours, OpenSSL's or the peer's
  std::string mail_host;
  std::string sending_address;    // empty: no connection was made
  std::string receiving_address;  // the same
  bool operator==(const TlsSession&) const = default;
};

// Called on the reactor that delivers; must not block.
using OnTlsSession = std::function<void(TlsSession)>;

}  // namespace godwit::deliver
