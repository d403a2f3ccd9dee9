// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "characters.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mailauth/spf.hpp"
#include "header_words.hpp"

namespace godwit::mailauth {
namespace {

bool is_dot_atom(std::string_view text) {
  const auto is_atext = [](char c) {
    return is_letter(c) || is_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
  };
  return std::ranges::all_of(base::split(text, '.'),
                             [&](auto atom) { return !atom.empty() && std::ranges::all_of(atom, is_atext); });
}

std::string pair_value(std::string_view value) {
  value = value.substr(0, longest_value);
  return is_dot_atom(value) ? std::string(value) : quoted(value);
}

// For who reads the header.
std::string spf_words(const SpfQuery& query, const SpfOutcome& outcome) {
  const auto client = to_string(query.client);
  switch (outcome.result) {
    case SpfResult::pass:
      return fmt::format("{}: domain of {} designates {} as permitted sender", query.receiver, query.domain, client);
    case SpfResult::fail:
    case SpfResult::soft_fail:
      return fmt::format("{}: domain of {} does not designate {} as permitted sender", query.receiver, query.domain,
                         client);
    case SpfResult::neutral:
      return fmt::format("{}: {} is neither permitted nor denied by domain of {}", query.receiver, client,
                         query.domain);
    case SpfResult::none:
      return fmt::format("{}: domain of {} does not designate permitted senders", query.receiver, query.domain);
    case SpfResult::temp_error:
    case SpfResult::perm_error:
      break;
  }
  return fmt::format("{}: error in processing the domain of {}", query.receiver, query.domain);
}

}  // namespace

std::string received_spf_field(const SpfQuery& query, const SpfOutcome& outcome, SpfIdentity identity) {
  const bool by_hello = identity == SpfIdentity::hello;
  auto field = fmt::format("Received-SPF: {} ({})", to_string(outcome.result), comment_text(spf_words(query, outcome)));
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) field += fmt::format("{}\r\n\t{}={}", field.ends_with(')') ? "" : ";", key, pair_value(value));
  };
  add("client-ip", to_string(query.client));
  if (!by_hello) add("envelope-from", query.local + "@" + query.domain);
  add("helo", query.hello);
  add("receiver", query.receiver);
  add("identity", by_hello ? "helo" : "mailfrom");
  add("mechanism", outcome.mechanism);
  add("problem", outcome.problem);
  return field + "\r\n";
}

}  // namespace godwit::mailauth
