// SPDX-License-Identifier: Apache-2.0
#include "jws.hpp"

#include <array>

#include <openssl/hmac.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/base/base64url.hpp"

namespace godwit::acme {
namespace {

namespace json = boost::json;

std::string hmac_sha256(std::string_view secret, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

template <class Sign>
json::object flattened(const json::object& header, std::string_view payload, Sign sign) {
  const auto protected_part = base::base64url_encode(json::serialize(header));
  const auto payload_part = base::base64url_encode(payload);
  const std::string signature = sign(protected_part + "." + payload_part);
  return {{"protected", protected_part}, {"payload", payload_part}, {"signature", base::base64url_encode(signature)}};
}

}  // namespace

std::string signed_request(const Key& key, const SignedFor& what, std::string_view payload) {
  json::object header{{"alg", "ES256"}, {"nonce", what.nonce}, {"url", what.url}};
  if (what.account.empty())
    header["jwk"] = json::parse(key.jwk());
  else
    header["kid"] = what.account;
  return json::serialize(flattened(header, payload, [&](const std::string& text) { return key.sign(text); }));
}

std::string external_binding(const Key& key, const std::string& key_id, std::string_view secret,
                             const std::string& new_account_url) {
  const json::object header{{"alg", "HS256"}, {"kid", key_id}, {"url", new_account_url}};
  return json::serialize(
      flattened(header, key.jwk(), [&](const std::string& text) { return hmac_sha256(secret, text); }));
}

std::string key_authorization(const Key& key, const std::string& token) {
  return token + "." + key.thumbprint();
}

}  // namespace godwit::acme
