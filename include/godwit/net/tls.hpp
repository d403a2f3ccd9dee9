// SPDX-License-Identifier: Apache-2.0
// TLS by OpenSSL over any Stream (RFC 3207, RFC 8446).  Contexts are immutable and may be shared by all threads; a
// reload makes new ones and connections keep what they began with.  No renegotiation, no compression. Errors carry a
// reason for the log: "no shared cipher", "tlsv1 alert unknown ca", "certificate verify failed: self-signed
// certificate", "peer closed during handshake", "not TLS: the peer's first bytes are \"EHLO a\"".  Kinds: refused (the
// handshake failed), closed, timed_out, cancelled, io.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/net/key_holder.hpp"
#include "godwit/net/settings.hpp"
#include "godwit/net/stream.hpp"

namespace godwit::net {

struct NewCertificate {  // PEM
  std::string certificate;
  std::string private_key;
};

class TlsServerContext {
 public:
  // Errors: invalid, not_found, io: every certificate that cannot be used, one line each.  An OCSP response that cannot
  // be used, or whose time is over `now`, is left out.
  static base::Result<std::shared_ptr<const TlsServerContext>> load(const TlsSettings& settings,
                                                                    base::WallTime now = {},
                                                                    const KeyHolder& keys = own_keys());
  // With a certificate and its key from memory (PEM), for peers that ask for `protocol` (ALPN, RFC 7301); what else
  // they ask for is refused.  Errors: invalid.
  static base::Result<std::shared_ptr<const TlsServerContext>> for_protocol(const std::string& protocol,
                                                                            const NewCertificate& certificate);
  ~TlsServerContext();

  class Implementation;
  const Implementation& implementation() const { return *implementation_; }

 private:
  TlsServerContext();
  std::unique_ptr<Implementation> implementation_;
};

class TlsClientContext {
 public:
  // Only minimum_version, ca_file and client_certificates matter.  Errors: invalid, not_found, io.
  static base::Result<std::shared_ptr<const TlsClientContext>> load(const TlsSettings& settings,
                                                                    const KeyHolder& keys = own_keys());
  ~TlsClientContext();

  class Implementation;
  const Implementation& implementation() const { return *implementation_; }

 private:
  TlsClientContext();
  std::unique_ptr<Implementation> implementation_;
};

struct TlsClientOptions {
  std::string server_name = {};  // SNI; empty, or an address: none is sent
  // The certificate must be trusted and bear one of these (".example.net": a name below it); empty: any will do.
  std::vector<std::string> names = {};
  // The certificate must match one of these, each usable; by usage 3 that is all, by usage 2 it must bear one of
  // `names` too, the first of which is the TLSA base domain (RFC 7672 section 3).  The system's trust counts for
  // nothing.
  std::vector<dns::Tlsa> tlsa = {};
  // File of the one of TlsSettings::client_certificates that is shown to a server that asks; empty: none.
  std::string certificate = {};
};

// Whether a record says anything to an SMTP client (RFC 7672 section 3.1): usage 2 or 3, a selector and a matching type
// that are known, data that can be what they say.
bool is_usable(const dns::Tlsa& record);

// The handshake, then a stream that owns `lower`.  Of a failure nothing is left: `lower` is closed.
Task<std::unique_ptr<Stream>> tls_accept(std::unique_ptr<Stream> lower, std::shared_ptr<const TlsServerContext> context,
                                         base::MonoTime deadline);
Task<std::unique_ptr<Stream>> tls_connect(std::unique_ptr<Stream> lower,
                                          std::shared_ptr<const TlsClientContext> context, TlsClientOptions options,
                                          base::MonoTime deadline);

// What --check and status want to know of a certificate.
struct CertificateFacts {
  std::string subject;
  std::vector<std::string> names;  // DNS names, lower case
  std::string key_type;            // "RSA 2048", "EC prime256v1", "ED25519"
  base::WallTime not_before;
  base::WallTime not_after;
  std::string staple_error;                    // why its OCSP response cannot be used; empty: it can, or there is none
  std::optional<base::WallTime> staple_until;  // when the time of its OCSP response is over
};
// Errors (text names the file and the remedy): not_found or io (unreadable), invalid (no PEM, key does not match,
// encrypted key).  The dates are the caller's to judge.
base::Result<CertificateFacts> check_certificate(const CertificateSettings& settings,
                                                 const KeyHolder& keys = own_keys());

}  // namespace godwit::net
