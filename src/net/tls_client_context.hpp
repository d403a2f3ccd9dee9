// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "certificate.hpp"
#include "godwit/net/openssl.hpp"
#include "godwit/net/tls.hpp"

namespace godwit::net {

// The authorities of ca_file; empty: the system's.  Errors: not_found, io, invalid.
base::Result<> load_trust(X509_STORE& store, const std::string& ca_file);

class TlsClientContext::Implementation {
 public:
  base::Result<> load(const TlsSettings& settings, const KeyHolder& keys);
  // A connection about to shake hands, verifying or not as `options` say.
  base::Result<SslPtr> start(const TlsClientOptions& options) const;

 private:
  SslCtxPtr verifying_;                     // strict: whoever fails here must fail
  std::map<std::string, Certificate> own_;  // by file
  SslCtxPtr opportunistic_;                 // lenient: any encryption beats the clear text that would come instead
};

}  // namespace godwit::net
