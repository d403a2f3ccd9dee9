// SPDX-License-Identifier: Apache-2.0
// What an authority tells in JSON (RFC 8555 section 7.1, RFC 7807), as far as we go by it.  Everything is a stranger's:
// a URL is one of https, a token is of its alphabet, or the whole is refused.  Pure; private to acme/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/acme/settings.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"

namespace godwit::acme {

struct Directory {
  std::string new_nonce, new_account, new_order;  // URLs
  bool wants_external_account = false;
};

struct Problem {
  std::string type;  // without "urn:ietf:params:acme:error:"
  std::string text;  // of bounded length, with those of single names; escaped by who shows it
};

struct Challenge {
  std::string type;
  std::string status;
  std::string url;
  std::string token;
  std::optional<Problem> problem;
};

struct Authorization {
  std::string name;
  std::string status;
  std::vector<Challenge> challenges = {};  // of the kinds that we know
};

struct Order {
  std::string status;
  std::vector<std::string> authorizations;  // URLs
  std::string finalize;
  std::string certificate;  // empty: there is none yet
  std::optional<Problem> problem;
};

std::string_view to_string(ChallengeKind kind);  // "http-01"

// Errors: invalid.
base::Result<Directory> parse_directory(std::string_view text);
base::Result<Authorization> parse_authorization(std::string_view text);
base::Result<Order> parse_order(std::string_view text);
// Of an answer that is none of success.
Problem parse_problem(unsigned status, std::string_view text);

bool is_https(std::string_view url);
// Retry-After: seconds, or a date (RFC 9110 section 10.2.3).  Empty: neither.
std::optional<base::Duration> parse_retry_after(const std::string& text, base::WallTime now);

}  // namespace godwit::acme
