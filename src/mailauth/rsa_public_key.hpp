// SPDX-License-Identifier: Apache-2.0
// What p= of an RSA key's record holds: a SubjectPublicKeyInfo (RFC 5280 section 4.1) or an RSAPublicKey (RFC 8017
// appendix A.1.1), in DER.  Read here, as OpenSSL 3 takes longer to find out what it is than to verify a signature with
// it. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace godwit::mailauth {

// Numbers, the most significant byte first; views into what was read.
struct RsaPublicKey {
  std::string_view modulus;
  std::string_view exponent;
};
// Empty: it is neither; what follows it is passed over.
std::optional<RsaPublicKey> read_rsa_public_key(std::string_view der);

}  // namespace godwit::mailauth
