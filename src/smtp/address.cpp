// SPDX-License-Identifier: Apache-2.0
// One recursive-descent parser for the grammar of RFC 5321 section 4.1.2; every function takes what it read from the
// front of the text and leaves the rest.
#include "godwit/smtp/address.hpp"

#include <algorithm>
#include <cstddef>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/text.hpp"
#include "idna.hpp"

namespace godwit::smtp {
namespace {

// RFC 5321 section 4.5.3.1; RFC 1035 section 2.3.4 for the label.
constexpr std::size_t max_local_part = 64;
constexpr std::size_t max_domain = 255;
constexpr std::size_t max_label = 63;
constexpr std::size_t max_path = 256;

std::unexpected<base::Error> invalid(const char* why) {
  return base::fail(base::ErrorKind::invalid, why);
}

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_domain_character(char c) {
  return c == '.' || c == '-' || c == '_' || is_alnum(c);
}
bool is_high(char c) {
  return (static_cast<unsigned char>(c) & 0x80U) != 0;
}
// RFC 5322 section 3.2.3.
bool is_atext(char c) {
  return is_alnum(c) || (c != '\0' && std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c));
}
// What may follow a backslash in a quoted string, and with SP all that may stand in one.
bool is_printable(char c) {
  return c >= 0x20 && c <= 0x7E;
}

// Valid UTF-8 without the control characters U+0080 to U+009F, which nothing good was ever addressed with.
bool is_clean_utf8(std::string_view text) {
  if (!base::is_valid_utf8(text)) return false;
  for (auto at = text.find('\xC2'); at != std::string_view::npos; at = text.find('\xC2', at + 1))
    if (static_cast<unsigned char>(text[at + 1]) < 0xA0) return false;
  return true;
}

// "a.b.c": no empty atom.
bool is_dot_string(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.back() != '.' && text.find("..") == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return c == '.' || is_atext(c) || is_high(c); });
}

struct Parser {
  std::string_view text;
  bool utf8 = false;

  bool take(char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
  }

  template <class Accepts>
  std::string_view take_while(Accepts accepts) {
    const auto end = std::ranges::find_if_not(text, accepts);
    const auto taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(taken.size());
    return taken;
  }

  base::Result<std::string> quoted_string();
  base::Result<std::string> local_part();
  base::Result<std::string> literal();
  base::Result<std::string> name();
  base::Result<std::string> domain() { return text.starts_with('[') ? literal() : name(); }
  base::Result<Mailbox> mailbox(BareLocal bare);
  base::Result<void> source_route();
};

// Quoted-string; the opening quote is still there.
base::Result<std::string> Parser::quoted_string() {
  std::string value;
  text.remove_prefix(1);
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return value;
    if (c == '\\') {
      if (text.empty() || !is_printable(text.front()))
        return invalid("bad character after a backslash in the local part");
      c = text.front();
      text.remove_prefix(1);
    } else if (!is_printable(c) && !(utf8 && is_high(c))) {
      return invalid("bad character in a quoted local part");
    }
    value += c;
  }
  return invalid("the quoted local part has no end");
}

base::Result<std::string> Parser::local_part() {
  const auto before = text.size();
  std::string value;
  if (text.starts_with('"')) {
    auto quoted = quoted_string();
    if (!quoted) return quoted;
    value = *std::move(quoted);
  } else {
    value = take_while([this](char c) { return c == '.' || is_atext(c) || (utf8 && is_high(c)); });
    if (!value.empty() && !is_dot_string(value)) return invalid("misplaced dot in the local part");
  }
  // The grammar allows `""`; nothing good was ever addressed so, and an empty name is a trap for all that make paths of
  // it.
  if (value.empty()) return invalid("empty local part");
  if (before - text.size() > max_local_part) return invalid("the local part is longer than 64 octets");
  return value;
}

// Address-literal (RFC 5321 section 4.1.3).  Of tags only IPv6 is registered; others are refused.
base::Result<std::string> Parser::literal() {
  const auto end = text.find(']');
  if (end == std::string_view::npos) return invalid("the address literal has no end");
  const auto inner = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  constexpr std::string_view tag = "IPv6:";
  const bool tagged = base::istarts_with(inner, tag);
  const auto digits = tagged ? inner.substr(tag.size()) : inner;
  const auto address = base::IpAddress::parse(digits);
  if (!address || digits.contains(':') != tagged) return invalid("bad or unknown address literal");
  return (address->is_v4() ? "[" : "[IPv6:") + base::to_string(*address) + "]";
}

base::Result<std::string> Parser::name() {
  const auto read = take_while([this](char c) { return is_domain_character(c) || (utf8 && is_high(c)); });
  if (read.size() > max_domain) return invalid("the domain is longer than 255 octets");
  std::string in_ascii;
  if (!base::is_ascii(read)) {
    auto converted = to_a_labels(read);
    if (!converted) return converted;
    in_ascii = *std::move(converted);
    if (in_ascii.empty()) return invalid("empty domain");  // U+00AD and others become nothing
    // Compatibility forms become what they stand for: U+FF20 an "@", U+FF1E a ">", U+3000 a space.
    if (!std::ranges::all_of(in_ascii, is_domain_character)) return invalid("bad character in the domain");
  }
  std::string_view taken = in_ascii.empty() ? read : std::string_view(in_ascii);
  if (taken.ends_with('.')) taken.remove_suffix(1);  // "example.com.": one trailing dot names the same domain
  if (taken.empty()) return invalid("empty domain");
  if (taken.size() > max_domain) return invalid("the domain is longer than 255 octets");
  for (const auto label : base::split(taken, '.')) {
    if (label.empty()) return invalid("empty label in the domain");
    if (label.size() > max_label) return invalid("a label of the domain is longer than 63 octets");
    if (label.front() == '-' || label.back() == '-')
      return invalid("a label of the domain begins or ends with a hyphen");
  }
  return base::to_lower(taken);
}

base::Result<Mailbox> Parser::mailbox(BareLocal bare) {
  auto local = local_part();
  if (!local) return std::unexpected(std::move(local.error()));
  Mailbox mailbox{*std::move(local), {}};
  if (!take('@')) {
    if (bare == BareLocal::allow) return mailbox;
    return invalid("the address has no domain");
  }
  auto domain_part = domain();
  if (!domain_part) return std::unexpected(std::move(domain_part.error()));
  mailbox.domain = *std::move(domain_part);
  return mailbox;
}

// A-d-l ":" (RFC 5321 section 4.1.2); read and forgotten, as appendix C wants.
base::Result<void> Parser::source_route() {
  if (!text.starts_with('@')) return {};
  do {
    if (!take('@')) return invalid("bad source route");
    if (auto hop = domain(); !hop) return std::unexpected(std::move(hop.error()));
  } while (take(','));
  if (!take(':')) return invalid("bad source route");
  return {};
}

}  // namespace

std::string to_string(const Mailbox& mailbox) {
  std::string text;
  if (is_dot_string(mailbox.local)) {
    text = mailbox.local;
  } else {
    text = '"';
    for (const char c : mailbox.local) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  if (!mailbox.domain.empty()) text += '@' + mailbox.domain;
  return text;
}

std::string to_string(const ReversePath& path) {
  return path ? to_string(*path) : std::string();
}

base::Result<Mailbox> parse_mailbox(std::string_view text, BareLocal bare, Utf8 utf8) {
  if (utf8 == Utf8::allow && !is_clean_utf8(text)) return invalid("the address is not UTF-8");
  Parser parser{text, utf8 == Utf8::allow};
  auto mailbox = parser.mailbox(bare);
  if (mailbox && !parser.text.empty()) return invalid("bad character in the address");
  return mailbox;
}

base::Result<ParsedPath> parse_path(std::string_view text, Utf8 utf8, BareLocal bare) {
  if (utf8 == Utf8::allow && !is_clean_utf8(text)) return invalid("the address is not UTF-8");
  Parser parser{text, utf8 == Utf8::allow};
  if (!parser.take('<')) return invalid("the address is not in angle brackets");
  if (parser.take('>')) return ParsedPath{{}, parser.text};
  if (auto route = parser.source_route(); !route) return std::unexpected(std::move(route.error()));
  auto mailbox = parser.mailbox(BareLocal::allow);
  if (!mailbox) return std::unexpected(std::move(mailbox.error()));
  if (bare == BareLocal::refuse && mailbox->domain.empty() && !base::iequals(mailbox->local, "postmaster"))
    return invalid("the address has no domain");  // RFC 5321 section 4.1.1.3: only <Postmaster> goes without
  if (!parser.take('>')) return invalid("bad character in the address");
  if (text.size() - parser.text.size() > max_path) return invalid("the path is longer than 256 octets");
  return ParsedPath{*std::move(mailbox), parser.text};
}

base::Result<std::string> parse_domain(std::string_view text, Utf8 utf8) {
  if (utf8 == Utf8::allow && !is_clean_utf8(text)) return invalid("the domain is not UTF-8");
  Parser parser{text, utf8 == Utf8::allow};
  auto domain = parser.domain();
  if (domain && !parser.text.empty()) return invalid("bad character in the domain");
  return domain;
}

}  // namespace godwit::smtp
