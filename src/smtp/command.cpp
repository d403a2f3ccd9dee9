// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "godwit/base/text.hpp"

namespace godwit::smtp {
namespace {

constexpr std::array<std::pair<std::string_view, Verb>, 13> verbs = {{
    {"HELO", Verb::helo},
    {"EHLO", Verb::ehlo},
    {"MAIL", Verb::mail},
    {"RCPT", Verb::rcpt},
    {"DATA", Verb::data},
    {"RSET", Verb::rset},
    {"NOOP", Verb::noop},
    {"QUIT", Verb::quit},
    {"VRFY", Verb::vrfy},
    {"HELP", Verb::help},
    {"EXPN", Verb::expn},
    {"STARTTLS", Verb::starttls},
    {"AUTH", Verb::auth},
}};

// Requests that a browser or a scanner sends to the wrong port; a web page can be made to send them, with commands of
// its own behind.
constexpr std::array<std::string_view, 10> http_methods = {"GET",    "POST",  "HEAD",  "PUT", "CONNECT",
                                                           "DELETE", "TRACE", "PATCH", "PRI", "OPTIONS"};

Verb parse_verb(std::string_view word) {
  for (const auto& [name, verb] : verbs)
    if (base::iequals(word, name)) return verb;
  const bool http = std::ranges::any_of(http_methods, [&](auto method) { return base::iequals(word, method); });
  return http ? Verb::http : Verb::unknown;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

const FixedReply& bad_bytes_reply(Verb verb, bool control) {
  if (verb == Verb::helo || verb == Verb::ehlo) return replies::hello_syntax;
  if (!control && (verb == Verb::mail || verb == Verb::rcpt)) return replies::non_ascii_address;
  return replies::bad_bytes;
}

struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;
};

// esmtp-keyword and esmtp-value (RFC 5321 section 4.1.2).
bool is_well_formed(const Parameter& parameter) {
  const auto is_alnum = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  const auto keyword = parameter.keyword;
  if (keyword.empty() || keyword.front() == '-') return false;
  if (!std::ranges::all_of(keyword, [&](char c) { return c == '-' || is_alnum(c); })) return false;
  return !parameter.value || (!parameter.value->empty() && !parameter.value->contains('='));
}

// Takes the next parameter from the front of `text`; empty at the end.
std::optional<Parameter> next_parameter(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  if (text.empty()) return {};
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return Parameter{word, {}};
  return Parameter{word.substr(0, equals), word.substr(equals + 1)};
}

// RFC 3461 section 4: "+" and two upper-case hexadecimal digits, or a printable character.
bool is_xtext(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '+') continue;  // the line holds printable ASCII only, and a value no "="
    if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
    i += 2;
  }
  return true;
}

bool parse_size(std::string_view value, std::uint64_t& size) {
  if (!std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) return false;
  size = base::parse_unsigned(value).value_or(std::numeric_limits<std::uint64_t>::max());
  return true;
}

bool parse_body(std::string_view value, BodyType& body) {
  if (base::iequals(value, "7BIT")) {
    body = BodyType::seven_bit;
  } else if (base::iequals(value, "8BITMIME")) {
    body = BodyType::eight_bit_mime;
  } else {
    return false;  // BINARYMIME is not offered
  }
  return true;
}

std::expected<MailParameters, FixedReply> parse_mail_parameters(std::string_view text) {
  MailParameters parameters;
  bool size_seen = false;
  bool body_seen = false;
  bool auth_seen = false;
  while (const auto parameter = next_parameter(text)) {
    if (!is_well_formed(*parameter)) return std::unexpected(replies::parameter_syntax);
    const auto value = parameter->value.value_or(std::string_view());
    bool good = parameter->value.has_value();
    if (base::iequals(parameter->keyword, "SIZE")) {
      good = good && !std::exchange(size_seen, true) && parse_size(value, parameters.size);
    } else if (base::iequals(parameter->keyword, "BODY")) {
      good = good && !std::exchange(body_seen, true) && parse_body(value, parameters.body);
    } else if (base::iequals(parameter->keyword, "AUTH")) {
      good = good && !std::exchange(auth_seen, true) && is_xtext(value);
      parameters.auth = value;
    } else {
      return std::unexpected(replies::unknown_parameter);
    }
    if (!good) return std::unexpected(replies::parameter_syntax);
  }
  return parameters;
}

// What is wrong with a path, by the side it stands for.
struct PathReplies {
  std::string_view keyword;  // "FROM:"
  FixedReply syntax, brackets, bad;
};
constexpr PathReplies from_replies{"FROM:", replies::mail_syntax, replies::sender_brackets, replies::bad_sender};
constexpr PathReplies to_replies{"TO:", replies::rcpt_syntax, replies::recipient_brackets, replies::bad_recipient};

// "FROM:<...>" or "TO:<...>"; spaces after the colon are tolerated, as people type them.
std::expected<ParsedPath, FixedReply> parse_path_argument(std::string_view argument, const PathReplies& words) {
  if (!base::istarts_with(argument, words.keyword)) return std::unexpected(words.syntax);
  argument.remove_prefix(words.keyword.size());
  argument.remove_prefix(std::min(argument.find_first_not_of(' '), argument.size()));
  if (argument.empty()) return std::unexpected(words.syntax);
  if (argument.front() != '<') return std::unexpected(words.brackets);
  auto path = parse_path(argument, Utf8::refuse);
  if (!path) return std::unexpected(words.bad);
  if (!path->rest.empty() && path->rest.front() != ' ') return std::unexpected(replies::parameter_syntax);
  return *std::move(path);
}

}  // namespace

std::expected<Command, FixedReply> parse_command(std::string_view line) {
  // RFC 5321 section 4.1.1 asks to tolerate white space before the CR LF.
  line.remove_suffix(line.size() - (line.find_last_not_of(" \t") + 1));
  if (line.empty()) return std::unexpected(replies::empty_line);
  const auto word = line.substr(0, line.find(' '));
  const Command command{parse_verb(word), base::trim(line.substr(word.size()))};
  const bool control = std::ranges::any_of(line, is_control);
  if (control || !base::is_ascii(line)) return std::unexpected(bad_bytes_reply(command.verb, control));
  return command;
}

std::expected<MailCommand, FixedReply> parse_mail(std::string_view argument) {
  auto path = parse_path_argument(argument, from_replies);
  if (!path) return std::unexpected(path.error());
  if (path->path && path->path->domain.empty()) return std::unexpected(replies::bad_sender);
  auto parameters = parse_mail_parameters(path->rest);
  if (!parameters) return std::unexpected(parameters.error());
  return MailCommand{std::move(path->path), *std::move(parameters)};
}

std::expected<Mailbox, FixedReply> parse_rcpt(std::string_view argument) {
  auto path = parse_path_argument(argument, to_replies);
  if (!path) return std::unexpected(path.error());
  if (!path->path) return std::unexpected(replies::bad_recipient);
  if (const auto parameter = next_parameter(path->rest))
    return std::unexpected(is_well_formed(*parameter) ? replies::unknown_parameter : replies::parameter_syntax);
  return *std::move(path->path);
}

}  // namespace godwit::smtp
