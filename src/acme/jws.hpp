// SPDX-License-Identifier: Apache-2.0
// Requests as ACME wants them signed (RFC 8555 section 6.2, RFC 7515).  Pure; private to acme/.
#pragma once

#include <string>
#include <string_view>

#include "key.hpp"

namespace godwit::acme {

// Every request has its nonce, and says for which URL it is.
struct SignedFor {
  std::string account;  // its URL; empty: it is not known yet, and the key itself is told
  std::string nonce;
  std::string url;
};
// `payload` is JSON, or empty: POST-as-GET (section 6.3).
std::string signed_request(const Key& key, const SignedFor& what, std::string_view payload);

// What binds a new account to one that the authority knows (section 7.3.4), signed with the secret that it gave out.
std::string external_binding(const Key& key, const std::string& key_id, std::string_view secret,
                             const std::string& new_account_url);

// What answers a challenge (section 8.1).
std::string key_authorization(const Key& key, const std::string& token);

}  // namespace godwit::acme
