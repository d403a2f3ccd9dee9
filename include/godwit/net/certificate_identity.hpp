// SPDX-License-Identifier: Apache-2.0
// What a host's own certificate says to others: its TLSA record (RFC 6698, RFC 7672), and whether a stranger would
// trust it; and a certificate to begin with.  For who sets a host up and looks after it; reads files, so never on a
// reactor that serves.
#pragma once

#include <optional>
#include <string>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/net/settings.hpp"
#include "godwit/net/tls.hpp"

namespace godwit::net {

// An extension that who does not know it must refuse.
struct CriticalExtension {
  std::string oid;  // "1.3.6.1.5.5.7.1.31"
  std::string der;  // its value
};
// For one host name, P-256, signed by itself: enough for STARTTLS and DANE, trusted by nobody else.
// Requires: `host` is a name in DNS.  Errors: io (the library refused).
base::Result<NewCertificate> make_self_signed(const std::string& host, base::WallTime now, base::Duration lifetime,
                                              const std::optional<CriticalExtension>& extension = {});

// "3 1 1": the SHA-256 of its public key, which stays while the key does.  Errors as check_certificate().
base::Result<dns::Tlsa> tlsa_of(const CertificateSettings& files);
// Whether a record names this certificate (usage 3) or one of those that issued it (usage 2).  Errors as
// check_certificate().
base::Result<bool> is_named_by(const CertificateSettings& files, const dns::Tlsa& record);

// Why a client that knows the system's authorities, or those of ca_file, would not trust the certificate as the one of
// `host`; empty: it would.  Errors as check_certificate(), and of ca_file.
base::Result<std::string> why_distrusted(const CertificateSettings& files, const std::string& host,
                                         const std::string& ca_file, base::WallTime now);

}  // namespace godwit::net
