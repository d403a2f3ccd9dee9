// SPDX-License-Identifier: Apache-2.0
// A certificate with its chain and private key, read from PEM files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/net/key_holder.hpp"
#include "godwit/net/openssl.hpp"
#include "godwit/net/settings.hpp"
#include "godwit/net/tls.hpp"
#include "staple.hpp"

namespace godwit::net {

struct Certificate {
  X509Ptr leaf;
  std::vector<X509Ptr> chain;  // without the leaf
  PkeyPtr key;
  std::optional<Staple> staple;
  std::string staple_error;        // why there is none though there should be
  std::vector<std::string> names;  // DNS names, lower case, wildcards as they are; the common name where there are none
};

// Errors as check_certificate().
base::Result<Certificate> load_certificate(const CertificateSettings& settings, const KeyHolder& keys = own_keys());
// Without a chain.  Errors: invalid.
base::Result<Certificate> parse_certificate(const NewCertificate& pem);

// Of a peer's certificate: addresses (subject's emailAddress, then rfc822Name), and the common name ("": none, or more
// than one).
std::vector<std::string> addresses_of(const X509& certificate);
std::string common_name_of(const X509& certificate);

// "CN=mail.example.com,O=Example"
std::string subject_of(const X509& certificate);

}  // namespace godwit::net
