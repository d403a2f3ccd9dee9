// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/tokens.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <utility>

#include "godwit/auth/accounts.hpp"
#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"

namespace godwit::control {

namespace {

// Names a token in files without giving it away.
constexpr std::size_t name_bytes = 16;

Caller caller_from(const TokenSettings& token, std::string name) {
  Caller caller{.scopes = token.scopes, .name = std::move(name)};
  if (token.account.empty()) return caller;
  caller.submitter = server::Submitter{.account = auth::canonical_name(token.account), .senders = token.senders};
  caller.messages = token.messages;
  caller.recipients = token.recipients;
  return caller;
}

}  // namespace

Tokens::Tokens(const std::vector<TokenSettings>& tokens) {
  for (const auto& token : tokens) {
    const auto digest = digest_of(token.secret);
    const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), name_bytes);
    known_.push_back({digest, caller_from(token, "token:" + base::hex_encode(bytes))});
  }
}

Tokens::Digest Tokens::digest_of(std::string_view token) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

// All are compared: how long it takes says nothing of how far a guess was right.
std::optional<Caller> Tokens::caller_of(std::string_view authorization) const {
  constexpr std::string_view scheme = "Bearer ";
  if (!base::iequals(authorization.substr(0, scheme.size()), scheme)) return {};
  const auto digest = digest_of(base::trim(authorization.substr(scheme.size())));
  std::optional<Caller> caller;
  for (const auto& known : known_) {
    if (CRYPTO_memcmp(known.digest.data(), digest.data(), digest.size()) != 0) continue;
    const auto scopes = static_cast<Scopes>((caller ? caller->scopes : 0) | known.caller.scopes);
    if (!caller || !caller->submitter) caller = known.caller;
    caller->scopes = scopes;
  }
  return caller;
}

}  // namespace godwit::control
