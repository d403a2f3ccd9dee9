// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/bearer.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/smtp/saslprep.hpp"

namespace godwit::smtp {
namespace {

constexpr char separator = '\x01';

// b64token of RFC 6750 section 2.1.
bool is_token(std::string_view text) {
  constexpr std::string_view others = "-._~+/";
  const auto end = text.find_last_not_of('=');
  if (end == std::string_view::npos) return false;
  return std::ranges::all_of(text.substr(0, end + 1), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.contains(c);
  });
}

// "Bearer token" → token; empty: it is none.
std::string_view token_of(std::string_view value) {
  constexpr std::string_view scheme = "Bearer ";
  if (!base::istarts_with(value, scheme)) return {};
  const auto token = value.substr(scheme.size());
  return is_token(token) ? token : std::string_view();
}

// "key=value" of each part; nothing: one of them has no such form, or the two separators at the end are not there.
std::optional<std::vector<std::pair<std::string_view, std::string_view>>> pairs_of(std::string_view text) {
  if (text.size() < 2 || text.substr(text.size() - 2) != std::string_view("\x01\x01")) return std::nullopt;
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (const auto part : base::split(text.substr(0, text.size() - 2), separator)) {
    const auto equals = part.find('=');
    if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
    pairs.emplace_back(part.substr(0, equals), part.substr(equals + 1));
  }
  return pairs;
}

std::string_view value_of(const std::vector<std::pair<std::string_view, std::string_view>>& pairs,
                          std::string_view key) {
  const auto found = std::ranges::find(pairs, key, [](const auto& pair) { return pair.first; });
  return found == pairs.end() ? std::string_view() : found->second;
}

// saslname of RFC 5801 section 4: "=2C" and "=3D".
std::optional<std::string> decode_authzid(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      decoded += text[i];
      continue;
    }
    const auto code = text.substr(i + 1, 2);
    if (code != "2C" && code != "3D") return std::nullopt;
    decoded += code == "2C" ? ',' : '=';
    i += 2;
  }
  return decoded;
}

std::string failure(std::string_view status, std::string_view scope) {
  // A scope has no quotes, backslashes or control characters (RFC 6749 section 3.3).
  return fmt::format(R"({{"status":"{}","schemes":"bearer"{}}})", status,
                     scope.empty() ? "" : fmt::format(R"(,"scope":"{}")", scope));
}

}  // namespace

std::optional<BearerMessage> parse_oauthbearer(std::string_view message) {
  if (!base::is_valid_utf8(message)) return std::nullopt;
  const auto first = message.find(separator);
  if (first == std::string_view::npos) return std::nullopt;
  const auto header = base::split(message.substr(0, first), ',');
  // Channel bindings are not for this mechanism (section 3.1).
  if (header.size() != 3 || (header[0] != "n" && header[0] != "y") || !header[2].empty()) return std::nullopt;
  BearerMessage result;
  if (!header[1].empty()) {
    const auto name = header[1].starts_with("a=") ? decode_authzid(header[1].substr(2)) : std::nullopt;
    auto user = name ? saslprep(*name) : std::nullopt;
    if (!user) return std::nullopt;
    result.user = *std::move(user);
  }
  const auto pairs = pairs_of(message.substr(first + 1));
  if (!pairs) return std::nullopt;
  result.token = token_of(value_of(*pairs, "auth"));
  if (result.token.empty()) return std::nullopt;
  return result;
}

std::optional<BearerMessage> parse_xoauth2(std::string_view message) {
  const auto pairs = pairs_of(message);
  if (!pairs) return std::nullopt;
  auto user = saslprep(value_of(*pairs, "user"));
  const auto token = token_of(value_of(*pairs, "auth"));
  if (!user || token.empty()) return std::nullopt;
  return BearerMessage{.user = *std::move(user), .token = std::string(token)};
}

std::string oauthbearer_failure(std::string_view scope) {
  return failure("invalid_token", scope);
}

std::string xoauth2_failure(std::string_view scope) {
  return failure("401", scope);
}

}  // namespace godwit::smtp
