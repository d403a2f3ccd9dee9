// SPDX-License-Identifier: Apache-2.0
// The client's first message of SASL OAUTHBEARER (RFC 7628) and XOAUTH2 (what some mail programs speak instead): a
// user name and a bearer token.  Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace godwit::smtp {

struct BearerMessage {
  std::string user;  // prepared by saslprep(); empty: whom the token names (OAUTHBEARER only)
  std::string token;
};

// Empty: no message of the mechanism.
std::optional<BearerMessage> parse_oauthbearer(std::string_view message);
std::optional<BearerMessage> parse_xoauth2(std::string_view message);

// What is said to a token that is not good (RFC 7628 section 3.2.2); the client answers, then the login is rejected.
// `scope`: what a token needs; may be empty.
std::string oauthbearer_failure(std::string_view scope);
std::string xoauth2_failure(std::string_view scope);

}  // namespace godwit::smtp
