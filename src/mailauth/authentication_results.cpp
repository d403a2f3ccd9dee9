// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/authentication_results.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "characters.hpp"
#include "godwit/base/text.hpp"
#include "header_words.hpp"

namespace godwit::mailauth {
namespace {

bool is_plain(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("!#$&'*+-.^_`{|}~@").find(c) != std::string_view::npos;
}

std::string value_text(std::string_view value) {
  value = value.substr(0, longest_value);
  return !value.empty() && std::ranges::all_of(value, is_plain) ? std::string(value) : quoted(value);
}

}  // namespace

std::string results_text(const std::vector<MethodResult>& results) {
  if (results.empty()) return "; none";
  std::string text;
  for (const auto& one : results) {
    text += fmt::format(";\r\n\t{}={}", one.method, one.result);
    if (!one.comment.empty()) text += fmt::format(" ({})", comment_text(one.comment));
    if (!one.reason.empty()) text += " reason=" + quoted(std::string_view(one.reason).substr(0, longest_value));
    for (const auto& [property, value] : one.properties)
      text += fmt::format("\r\n\t {}={}", property, value_text(value));
  }
  return text;
}

std::string authentication_results_field(std::string_view id, const std::vector<MethodResult>& results) {
  return fmt::format("Authentication-Results: {}{}\r\n", id, results_text(results));
}

MethodResult describe(const SpfOutcome& outcome, std::string property, std::string value) {
  return {.method = "spf",
          .result = std::string(to_string(outcome.result)),
          .comment = {},
          .reason = outcome.problem,
          .properties = {{std::move(property), std::move(value)}}};
}

MethodResult describe(const DkimVerdict& verdict) {
  MethodResult result{.method = "dkim", .result = std::string(to_string(verdict.result)), .reason = verdict.reason};
  if (verdict.is_testing) result.comment = "testing";
  const auto add = [&](const char* property, const std::string& value) {
    if (!value.empty()) result.properties.emplace_back(property, value);
  };
  add("header.d", verdict.domain);
  add("header.i", verdict.identity);
  add("header.s", verdict.selector);
  add("header.a", verdict.algorithm);
  add("header.b", verdict.signature_start);
  return result;
}

MethodResult describe(const DmarcVerdict& verdict) {
  MethodResult result{.method = "dmarc", .result = std::string(to_string(verdict.result)), .reason = verdict.reason};
  if (!verdict.policy_domain.empty()) {
    result.comment = fmt::format("p={} dis={}", to_string(verdict.published), to_string(verdict.wanted));
  }
  if (!verdict.domain.empty()) result.properties.emplace_back("header.from", verdict.domain);
  return result;
}

MethodResult describe(const ArcVerdict& verdict) {
  MethodResult result{.method = "arc", .result = std::string(to_string(verdict.result)), .reason = verdict.reason};
  if (!verdict.sealers.empty()) result.comment = fmt::format("i={}", verdict.sealers.size());
  if (!verdict.sealers.empty()) result.properties.emplace_back("header.d", verdict.sealers.back());
  return result;
}

}  // namespace godwit::mailauth
