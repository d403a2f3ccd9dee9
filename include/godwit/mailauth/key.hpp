// SPDX-License-Identifier: Apache-2.0
// Keys of DKIM and ARC signatures (RFC 6376, 8301, 8463): RSA with PKCS #1 v1.5 and SHA-256, and Ed25519.  Immutable
// once made; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

struct evp_pkey_st;

namespace godwit::mailauth {

enum class KeyKind { rsa, ed25519 };
std::string_view to_string(KeyKind kind);  // as in k=: "rsa"

inline constexpr int weakest_rsa = 1024;  // bits; what is below proves nothing (RFC 8301 section 3.2)

class Key {
 public:
  // What p= of a record holds, decoded: a SubjectPublicKeyInfo or an RSAPublicKey in DER; of Ed25519 its 32 bytes.
  static base::Result<Key> from_record(KeyKind kind, std::string_view bytes);
  // A private key in PEM (PKCS #8 or "RSA PRIVATE KEY"), without a passphrase.
  static base::Result<Key> from_pem(std::string_view pem);
  // A private key that OpenSSL has, wherever it is; takes it over, whatever comes of it.
  static base::Result<Key> from_handle(evp_pkey_st* key);
  // A new private key.  Takes time: up to seconds for RSA.  Requires: bits >= weakest_rsa.
  static base::Result<Key> generate(KeyKind kind, int bits);

  KeyKind kind() const { return kind_; }
  int bits() const;
  // Whether `signature` is this key's of what has the SHA-256 `digest`.
  bool verifies(std::string_view digest, std::string_view signature) const;
  // Requires: a private key.  Error io: the library refused.
  base::Result<std::string> sign(std::string_view digest) const;
  // For p= of a record, in base 64.
  std::string public_text() const;
  // Requires: a private key.  PKCS #8.
  std::string private_pem() const;

 private:
  using Handle = std::shared_ptr<evp_pkey_st>;
  Key(KeyKind kind, Handle key) : kind_(kind), key_(std::move(key)) {}
  static base::Result<Key> take(evp_pkey_st* key, std::string_view what);

  KeyKind kind_;
  Handle key_;
};

}  // namespace godwit::mailauth
