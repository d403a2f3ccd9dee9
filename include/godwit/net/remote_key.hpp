// SPDX-License-Identifier: Apache-2.0
// A private key that stays where it is: an EVP_PKEY that has what is public, and lets somebody else sign.  OpenSSL
// takes it wherever it signs: in handshakes, for signatures of messages.  It decrypts nothing.
//
// Any thread; a signature blocks until the other side has made it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"
#include "godwit/net/openssl.hpp"

namespace godwit::net {

struct SigningOrder {
  // pure: the message itself is signed (Ed25519, Ed448); else its digest.
  enum class Scheme : std::uint8_t { pure, pkcs1, pss, ecdsa };
  Scheme scheme = Scheme::pure;
  std::string digest{};     // "SHA256"; of `pure` empty
  std::int32_t salt = -1;   // of pss: octets, or as OpenSSL has it (-1: as many as the digest)
  std::string_view data{};  // the digest, or the message
};

class RemoteSigner {
 public:
  virtual ~RemoteSigner() = default;
  virtual base::Result<std::string> sign(const SigningOrder& order) const = 0;
};

// `public_part`: a SubjectPublicKeyInfo in DER.  RSA, RSASSA-PSS, EC, Ed25519, Ed448.  Null: take_openssl_error() says
// why.
PkeyPtr make_remote_key(std::string_view public_part, std::shared_ptr<const RemoteSigner> signer);

// For who holds the private key: what make_remote_key() wants of it, and the signature that is ordered.  Errors:
// invalid (not for this key), io (the library refused).
base::Result<std::string> public_part_of(const EVP_PKEY& key);
base::Result<std::string> sign_as_ordered(EVP_PKEY& key, const SigningOrder& order);

}  // namespace godwit::net
