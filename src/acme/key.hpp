// SPDX-License-Identifier: Apache-2.0
// A private key: an account's, which signs requests (ES256, RFC 7518 section 3.4), or a certificate's.  Making one of
// RSA takes a second: never on a reactor.  Private to acme/.
#pragma once

#include <string>
#include <string_view>

#include "godwit/acme/settings.hpp"
#include "godwit/base/result.hpp"
#include "godwit/net/openssl.hpp"

namespace godwit::acme {

class Key {
 public:
  // Errors: io (the library refused).
  static base::Result<Key> make(KeyType type);
  // Errors: invalid (no PEM private key, or of another kind than we make).
  static base::Result<Key> from_pem(const std::string& pem);

  KeyType type() const { return type_; }
  std::string to_pem() const;
  EVP_PKEY* get() const { return key_.get(); }

  // Of P-256 alone.
  std::string jwk() const;         // the public key, in the form of RFC 7638 section 3
  std::string thumbprint() const;  // of that (SHA-256), base64url
  std::string sign(std::string_view text) const;

 private:
  Key(net::PkeyPtr key, KeyType type) : key_(std::move(key)), type_(type) {}

  net::PkeyPtr key_;
  KeyType type_;
};

std::string sha256(std::string_view bytes);

}  // namespace godwit::acme
