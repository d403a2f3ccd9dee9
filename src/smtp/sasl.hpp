// SPDX-License-Identifier: Apache-2.0
// The names of SASL mechanisms, and the client's responses of PLAIN (RFC 4616) and LOGIN, decoded (RFC 4954 section 4).
// Who holds a password from here overwrites it with wipe() when done.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "replies.hpp"

namespace godwit::smtp {

enum class Mechanism { plain, login, scram_sha_256, scram_sha_256_plus, oauthbearer, xoauth2, external };
std::string_view to_string(Mechanism mechanism);

struct Credentials {
  std::string user;
  std::string password;
};

// base 64 of "[authzid] NUL authcid NUL password".  To act for somebody else (another authzid) is refused.
std::expected<Credentials, FixedReply> decode_plain(std::string_view response);
// base 64 of a user name or password; neither may be empty (some stores take an empty password for an anonymous
// success) or hold NUL.
std::expected<std::string, FixedReply> decode_login(std::string_view response);

}  // namespace godwit::smtp
