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

constexpr std::array<std::pair<std::string_view, Verb>, 16> verbs = {{
    {"HELO", Verb::helo},
    {"EHLO", Verb::ehlo},
    {"MAIL", Verb::mail},
    {"RCPT", Verb::rcpt},
    {"DATA", Verb::data},
    {"BDAT", Verb::bdat},
    {"RSET", Verb::rset},
    {"NOOP", Verb::noop},
    {"QUIT", Verb::quit},
    {"VRFY", Verb::vrfy},
    {"HELP", Verb::help},
    {"EXPN", Verb::expn},
    {"ETRN", Verb::etrn},
    {"XCLIENT", Verb::xclient},
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
  if (http) return Verb::http;
  return word.size() > 1 && word.ends_with(':') ? Verb::header_field : Verb::unknown;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

const FixedReply& bad_bytes_reply(Verb verb) {
  return verb == Verb::helo || verb == Verb::ehlo ? replies::hello_syntax : replies::bad_bytes;
}

// RFC 6531 section 3.3: only where an address may stand; whether it may be so in this transaction is seen later.
bool may_hold_utf8(Verb verb) {
  return verb == Verb::mail || verb == Verb::rcpt || verb == Verb::vrfy || verb == Verb::expn;
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
  if (!parameter.value) return true;
  const bool may_be_utf8 = base::iequals(keyword, "ORCPT");  // RFC 6533 section 3
  return !parameter.value->empty() && !parameter.value->contains('=') &&
         (may_be_utf8 || base::is_ascii(*parameter.value));
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
  } else if (base::iequals(value, "BINARYMIME")) {
    body = BodyType::binary_mime;
  } else {
    return false;
  }
  return true;
}

// Stores what was read; false where nothing was.
template <class T>
bool take(std::optional<T> read, T& value) {
  if (!read) return false;
  value = *std::move(read);
  return true;
}

// One kind of parameter: its keyword, whether it has a value, and whether it stood there already (RFC 5321
// section 4.1.2, RFC 3461 section 4.5).
struct Known {
  std::string_view keyword;
  bool offered = true;
  bool has_value = true;
  bool seen = false;
};

// Hands each parameter of `text` to `read` (keyword index, value); what is wrong, or nothing.
template <std::size_t count, class Read>
std::optional<FixedReply> read_parameters(std::string_view text, std::array<Known, count> known, Read read) {
  while (const auto parameter = next_parameter(text)) {
    if (!is_well_formed(*parameter)) return replies::parameter_syntax;
    const auto found = std::ranges::find_if(
        known, [&](const Known& each) { return each.offered && base::iequals(each.keyword, parameter->keyword); });
    if (found == known.end()) return replies::unknown_parameter;
    if (parameter->value.has_value() != found->has_value || std::exchange(found->seen, true))
      return replies::parameter_syntax;
    if (!read(found->keyword, parameter->value.value_or(""))) return replies::parameter_syntax;
  }
  return {};
}

// RFC 4865 section 5: one of the two ways to say it.
bool take_hold(std::optional<Hold> read, MailParameters& parameters) {
  if (parameters.hold) return false;
  parameters.hold = read;
  return read.has_value();
}

bool read_mail_parameter(std::string_view keyword, std::string_view value, MailParameters& parameters) {
  if (keyword == "SIZE") return parse_size(value, parameters.size);
  if (keyword == "BODY") return parse_body(value, parameters.body);
  if (keyword == "SMTPUTF8") return parameters.smtputf8 = true;
  if (keyword == "RET") return take(read_return(value), parameters.ret);
  if (keyword == "ENVID") return take(read_envid(value), parameters.envid);
  if (keyword == "BY") return (parameters.deliver_by = read_deliver_by(value)).has_value();
  if (keyword == "HOLDFOR") return take_hold(read_hold_for(value), parameters);
  if (keyword == "HOLDUNTIL") return take_hold(read_hold_until(value), parameters);
  if (keyword == "REQUIRETLS") return parameters.require_tls = true;
  if (keyword == "MT-PRIORITY") return take(read_priority(value), parameters.priority);
  parameters.auth = value;
  return is_xtext(value);
}

std::expected<MailParameters, FixedReply> parse_mail_parameters(std::string_view text, MailOffers offers) {
  const std::array<Known, 11> known = {{{"SIZE"},
                                        {"BODY"},
                                        {"AUTH"},
                                        {"RET"},
                                        {"ENVID"},
                                        {.keyword = "SMTPUTF8", .has_value = false},
                                        {"BY"},
                                        {.keyword = "HOLDFOR", .offered = offers.future_release},
                                        {.keyword = "HOLDUNTIL", .offered = offers.future_release},
                                        {.keyword = "MT-PRIORITY", .offered = offers.priority},
                                        {.keyword = "REQUIRETLS", .offered = offers.require_tls, .has_value = false}}};
  MailParameters parameters;
  const auto wrong = read_parameters(text, known, [&](std::string_view keyword, std::string_view value) {
    return read_mail_parameter(keyword, value, parameters);
  });
  if (wrong) return std::unexpected(*wrong);
  return parameters;
}

std::expected<RecipientParameters, FixedReply> parse_rcpt_parameters(std::string_view text) {
  constexpr std::array<Known, 2> known = {{{"NOTIFY"}, {"ORCPT"}}};
  RecipientParameters parameters;
  const auto wrong = read_parameters(text, known, [&](std::string_view keyword, std::string_view value) {
    if (keyword == "NOTIFY") return take(read_notify(value), parameters.notify);
    return take(read_orcpt(value), parameters.orcpt);
  });
  if (wrong) return std::unexpected(*wrong);
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
std::expected<ParsedPath, FixedReply> parse_path_argument(std::string_view argument, const PathReplies& words,
                                                          BareLocal bare) {
  if (!base::istarts_with(argument, words.keyword)) return std::unexpected(words.syntax);
  argument.remove_prefix(words.keyword.size());
  argument.remove_prefix(std::min(argument.find_first_not_of(' '), argument.size()));
  if (argument.empty()) return std::unexpected(words.syntax);
  if (argument.front() != '<') return std::unexpected(words.brackets);
  auto path = parse_path(argument, Utf8::allow, bare);
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
  const Command command{parse_verb(word), base::trim(line.substr(word.size())), line};
  if (std::ranges::any_of(line, is_control)) return std::unexpected(bad_bytes_reply(command.verb));
  if (!base::is_ascii(line) && !may_hold_utf8(command.verb)) return std::unexpected(bad_bytes_reply(command.verb));
  return command;
}

std::expected<BdatCommand, FixedReply> parse_bdat(std::string_view argument) {
  const auto digits = argument.substr(0, argument.find(' '));
  const auto size = base::parse_unsigned(digits);
  const auto rest = base::trim(argument.substr(digits.size()));
  if (!size || !(rest.empty() || base::iequals(rest, "LAST"))) return std::unexpected(replies::bdat_syntax);
  return BdatCommand{*size, !rest.empty()};
}

std::expected<MailCommand, FixedReply> parse_mail(std::string_view argument, MailOffers offers, BareLocal bare) {
  auto path = parse_path_argument(argument, from_replies, bare);
  if (!path) return std::unexpected(path.error());
  if (bare == BareLocal::refuse && path->path && path->path->domain.empty())
    return std::unexpected(replies::bad_sender);
  auto parameters = parse_mail_parameters(path->rest, offers);
  if (!parameters) return std::unexpected(parameters.error());
  if (!parameters->smtputf8 && !base::is_ascii(argument)) return std::unexpected(replies::non_ascii_address);
  return MailCommand{std::move(path->path), *std::move(parameters)};
}

std::expected<InquiryCommand, FixedReply> parse_inquiry(std::string_view argument) {
  const auto space = argument.rfind(' ');
  const bool utf8 = space != std::string_view::npos && base::iequals(argument.substr(space + 1), "SMTPUTF8");
  auto text = utf8 ? base::trim(argument.substr(0, space)) : argument;
  if (!utf8 && !base::is_ascii(text)) return std::unexpected(replies::non_ascii_address);
  if (text.starts_with('<') && text.ends_with('>')) text = text.substr(1, text.size() - 2);
  auto mailbox = parse_mailbox(text, BareLocal::allow, Utf8::allow);
  if (!mailbox) return std::unexpected(replies::bad_recipient);
  return InquiryCommand{*std::move(mailbox), utf8};
}

std::expected<RcptCommand, FixedReply> parse_rcpt(std::string_view argument, Utf8 utf8, BareLocal bare) {
  if (utf8 == Utf8::refuse && !base::is_ascii(argument)) return std::unexpected(replies::non_ascii_address);
  auto path = parse_path_argument(argument, to_replies, bare);
  if (!path) return std::unexpected(path.error());
  if (!path->path) return std::unexpected(replies::bad_recipient);
  auto parameters = parse_rcpt_parameters(path->rest);
  if (!parameters) return std::unexpected(parameters.error());
  return RcptCommand{*std::move(path->path), *std::move(parameters)};
}

}  // namespace godwit::smtp
