// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/header_downgrade.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "encoded_word.hpp"
#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/safe_text.hpp"
#include "godwit/smtp/address.hpp"
#include "mime_type.hpp"

namespace godwit::mail {
namespace {

using Text = base::Result<std::string>;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view each) { return base::iequals(name, each); });
}

bool names_people(std::string_view name) {
  constexpr std::string_view resent = "Resent-";
  if (base::istarts_with(name, resent)) name.remove_prefix(resent.size());
  return is_one_of(name, {"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Disposition-Notification-To"});
}

bool has_parameters(std::string_view name) {
  return is_one_of(name, {"Content-Type", "Content-Disposition"});
}

// RFC 6857 section 3.1.10: identifiers have no other form.
bool is_identifier(std::string_view name) {
  return is_one_of(name, {"Message-ID", "In-Reply-To", "References", "Resent-Message-ID", "Content-ID"});
}

// ---- texts

// From the first word that needs it to the last: blanks between encoded words are not shown.
std::string encoded_text(std::string_view text) {
  std::size_t from = std::string_view::npos, to = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    if (!base::is_ascii(text.substr(at, end - at))) {
      from = std::min(from, at);
      to = end;
    }
    at = end + 1;
  }
  if (from == std::string_view::npos) return std::string(text);
  return std::string(text.substr(0, from)) + encoded_words(text.substr(from, to - from)) + std::string(text.substr(to));
}

// ---- addresses

// Where the quoted string, comment or literal that begins at `at` is over.
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  const char open = text[at];
  const char close = open == '(' ? ')' : open == '[' ? ']' : '"';
  std::size_t depth = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) {
      ++at;
    } else if (text[at] == close && (depth == 1 || open != '(')) {
      if (depth > 0) return at + 1;
      depth = 1;  // the opening quote
    } else if (text[at] == open) {
      ++depth;
    } else if (text[at] == close) {
      --depth;
    }
  }
  return text.size();
}

bool begins_quoted(char c) {
  return c == '"' || c == '(' || c == '[';
}

// A run of words without what ends it: a phrase before "<" or ":", or an address.
class People {
 public:
  People(std::string_view name, std::string_view body) : name_(name), rest_(body) {}

  Text run() {
    std::string result;
    while (!rest_.empty()) {
      const auto end = find_any("<>,;:");
      const auto piece = rest_.substr(0, end);
      const char ending = end < rest_.size() ? rest_[end] : '\0';
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      // A ":" within "<>" ends a source route, which nobody follows.
      const bool is_phrase = ending == '<' || (ending == ':' && !in_angle_);
      auto text = is_phrase ? Text(phrase(piece)) : address(piece);
      if (!text) return text;
      result += *text;
      if (ending != '\0') result += ending;
      in_angle_ = ending == '<' || (in_angle_ && ending != '>');
    }
    return result;
  }

 private:
  std::size_t find_any(std::string_view characters) const {
    for (std::size_t at = 0; at < rest_.size();) {
      if (characters.contains(rest_[at])) return at;
      at = begins_quoted(rest_[at]) ? end_of_quoted(rest_, at) : at + 1;
    }
    return rest_.size();
  }

  // The comments of `text` encoded; the rest through `other`.
  template <class F>
  static std::string around_comments(std::string_view text, F other) {
    std::string result;
    while (!text.empty()) {
      std::size_t at = 0;
      while (at < text.size() && text[at] != '(') at = text[at] == '"' ? end_of_quoted(text, at) : at + 1;
      result += other(text.substr(0, at));
      text.remove_prefix(at);
      if (text.empty()) break;
      const auto end = end_of_quoted(text, 0);
      result += comment(text.substr(0, end));
      text.remove_prefix(end);
    }
    return result;
  }

  static std::string comment(std::string_view text) {
    if (base::is_ascii(text) || text.size() < 2) return std::string(text);
    return "(" + encoded_words(text.substr(1, text.size() - 2)) + ")";
  }

  static std::string unquoted(std::string_view text) {
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '"') continue;
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      result += text[at];
    }
    return result;
  }

  // `text` with the blanks that were around the trimmed one.
  static std::string in_place(std::string_view words, const std::string& text) {
    const auto trimmed = base::trim(words);
    const auto lead = static_cast<std::size_t>(trimmed.data() - words.data());
    return std::string(words.substr(0, lead)) + text + std::string(words.substr(lead + trimmed.size()));
  }

  static std::string phrase(std::string_view piece) {
    return around_comments(piece, [](std::string_view words) {
      return base::is_ascii(words) ? std::string(words) : in_place(words, encoded_words(unquoted(base::trim(words))));
    });
  }

  Text address(std::string_view piece) const {
    if (base::is_ascii(piece)) return std::string(piece);
    std::string why;
    auto text = around_comments(piece, [&](std::string_view words) {
      if (base::is_ascii(words)) return std::string(words);
      const auto mailbox = smtp::parse_mailbox(base::trim(words), smtp::BareLocal::allow, smtp::Utf8::allow);
      if (mailbox && base::is_ascii(mailbox->local)) return in_place(words, smtp::to_string(*mailbox));
      if (why.empty()) why = std::string(base::trim(words));
      return std::string();
    });
    if (why.empty()) return text;
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("the address {} in {} has no form in US-ASCII", safe_utf8(why), std::string(name_)));
  }

  std::string_view name_;
  std::string_view rest_;
  bool in_angle_ = false;
};

// ---- parameters

// RFC 2231 section 4, cut into pieces by section 3 where it is long.
std::string extended_parameter(std::string_view name, std::string_view value) {
  constexpr std::size_t at_once = 60;
  const std::string charset = base::is_valid_utf8(value) ? "utf-8''" : "unknown-8bit''";
  std::string text = charset + base::percent_encode(value);
  if (text.size() <= at_once) return fmt::format("{}*={}", name, text);
  std::string result;
  for (std::size_t number = 0; !text.empty(); ++number) {
    std::size_t size = std::min(at_once, text.size());
    // Not within "%XX".
    if (const auto percent = text.find('%', size < 2 ? 0 : size - 2); percent < size && size < text.size())
      size = percent;
    result += fmt::format("{}{}*{}*={}", number == 0 ? "" : ";\r\n ", name, number, text.substr(0, size));
    text.erase(0, size);
  }
  return result;
}

std::string plain_parameter_value(std::string_view text) {
  text = base::trim(text);
  if (!text.starts_with('"')) return std::string(text);
  std::string result;
  for (std::size_t at = 1; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    result += text[at];
  }
  return result;
}

std::string with_ascii_parameters(std::string_view body) {
  std::string result;
  while (!body.empty()) {
    std::size_t end = 0;
    while (end < body.size() && body[end] != ';') end = begins_quoted(body[end]) ? end_of_quoted(body, end) : end + 1;
    const auto part = body.substr(0, end);
    const auto equals = part.find('=');
    const bool is_named = equals != std::string_view::npos && base::is_ascii(part.substr(0, equals));
    if (base::is_ascii(part) || !is_named) {
      result += base::is_ascii(part) ? std::string(part) : encoded_text(part);
    } else {
      auto name = base::trim(part.substr(0, equals));
      name = name.substr(0, name.find('*'));
      result += "\r\n " + extended_parameter(name, plain_parameter_value(part.substr(equals + 1)));
    }
    if (end < body.size()) result += ';';
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return result;
}

// ---- fields

// RFC 6857 section 3.1.11: the address that a trace was for is nobody's need.
std::string traced(std::string_view body) {
  std::string text(body);
  if (const auto from = text.find(" for "); from != std::string::npos) {
    const auto end = std::min(text.find_first_of(" ;", from + 5), text.size());
    if (!base::is_ascii(text.substr(from, end - from))) text.erase(from, end - from);
  }
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return text;
}

Text downgraded_field(const HeaderField& field) {
  if (base::is_ascii(field.raw)) return std::string(field.raw);
  if (base::iequals(field.name, "Return-Path")) return std::string();
  const std::string name(field.name);
  const auto body = unfold(field.body);
  if (is_identifier(name)) return "Downgraded-" + name + ": " + encoded_words(body) + "\r\n";
  if (base::iequals(name, "Received")) return name + ": " + traced(body) + "\r\n";
  if (has_parameters(name)) return name + ": " + with_ascii_parameters(body) + "\r\n";
  if (!names_people(name)) return name + ": " + encoded_text(body) + "\r\n";
  auto people = People(name, body).run();
  if (!people) return people;
  return name + ": " + *people + "\r\n";
}

}  // namespace

base::Result<std::string> downgraded_header(std::string_view header) {
  const Header fields(header, {.bytes = header.size(), .fields = header.size()});
  std::string result;
  for (const auto& field : fields.fields()) {
    auto text = downgraded_field(field);
    if (!text) return text;
    result += *text;
  }
  return result + std::string(header.substr(fields.text().size()));
}

bool is_signed(std::string_view header) {
  const Header fields(header);
  if (fields.count("DKIM-Signature") > 0) return true;
  const auto type = mime_type(fields);
  return type.type == "multipart" && type.subtype == "signed";
}

}  // namespace godwit::mail
