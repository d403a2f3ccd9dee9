// SPDX-License-Identifier: Apache-2.0
// From what happened on a connection to what a report says of it (RFC 8460 section 4.3).  Private to deliver/; pure.
#pragma once

#include <optional>
#include <string>

#include "godwit/base/ip_address.hpp"
#include "godwit/deliver/tls_session.hpp"
#include "godwit/route/router.hpp"

namespace godwit::deliver {

// Of one connection, when it has served or failed.
struct TlsFacts {
  bool greeted = false;  // the peer answered EHLO, and so said whether it offers STARTTLS
  bool offered = false;
  bool agreed = false;
  std::string failure = {};  // of the handshake
  std::string verify = {};   // net::TlsInfo's
  base::Endpoint local = {};
  base::Endpoint remote = {};
};

// Nothing: it ended before TLS came up, or its TLS is no domain's business.
std::optional<TlsSession> tls_session(const route::SmtpHop& hop, const route::Host& host, const TlsFacts& facts);
// Of a host that its policy forbids; nothing as above.  Requires: host.tls.skip is not empty.
std::optional<TlsSession> skipped_session(const route::SmtpHop& hop, const route::Host& host);

}  // namespace godwit::deliver
