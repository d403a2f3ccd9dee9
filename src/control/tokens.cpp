// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/tokens.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "godwit/base/text.hpp"

namespace godwit::control {

Tokens::Tokens(const std::vector<TokenSettings>& tokens) {
  for (const auto& token : tokens) known_.push_back({digest_of(token.secret), token.scopes});
}

Tokens::Digest Tokens::digest_of(std::string_view token) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

// All are compared: how long it takes says nothing of how far a guess was right.
std::optional<Scopes> Tokens::scopes_of(std::string_view authorization) const {
  constexpr std::string_view scheme = "Bearer ";
  if (!base::iequals(authorization.substr(0, scheme.size()), scheme)) return {};
  const auto digest = digest_of(base::trim(authorization.substr(scheme.size())));
  std::optional<Scopes> scopes;
  for (const auto& known : known_)
    if (CRYPTO_memcmp(known.digest.data(), digest.data(), digest.size()) == 0)
      scopes = static_cast<Scopes>(scopes.value_or(0) | known.scopes);
  return scopes;
}

}  // namespace godwit::control
