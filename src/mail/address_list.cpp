// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/address_list.hpp"

#include <ranges>
#include <utility>

#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

constexpr bool is_white(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Part of an atom (RFC 5322 section 3.2.3), or of UTF-8 (RFC 6532).  The dot is told apart.
bool is_atom(char c) {
  constexpr std::string_view specials = "()<>[]:;@\\,.\"";
  return static_cast<unsigned char>(c) > ' ' && c != 0x7F && !specials.contains(c);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}
  base::Result<std::vector<ListedAddress>> run();

 private:
  // A phrase or a local part: which it is shows only behind it.
  struct Words {
    std::string value;  // joined; the quoting undone
    TextSpan span;      // from the first to the last one
    bool has_any = false;
    bool are_local = true;  // no two without a dot between them
  };
  enum class Item { address, group };

  std::unexpected<base::Error> wrong(std::string what) const {
    return base::fail(base::ErrorKind::invalid,
                      std::move(what) + " at \"" + base::printable(text_.substr(at_), 40) + "\"");
  }
  bool ends() const { return at_ == text_.size(); }
  bool is_next(char c) const { return !ends() && text_[at_] == c; }
  bool take(char c) {
    if (!is_next(c)) return false;
    ++at_;
    return true;
  }

  base::Result<> skip_blank();
  base::Result<std::string> quoted();
  base::Result<Words> words();
  base::Result<std::string> domain(TextSpan& span);
  base::Result<> skip_route();
  base::Result<> angle_address();
  base::Result<> address(const Words& local);
  base::Result<Item> item();

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<ListedAddress> found_;
};

// CFWS: blanks, folding and comments, which nest.
base::Result<> Parser::skip_blank() {
  std::size_t depth = 0;
  for (; !ends(); ++at_) {
    const char c = text_[at_];
    if (c == '(')
      ++depth;
    else if (depth == 0 && !is_white(c))
      return {};
    else if (c == ')' && depth > 0)
      --depth;
    else if (c == '\\' && at_ + 1 < text_.size())
      ++at_;
  }
  if (depth > 0) return wrong("a comment has no end");
  return {};
}

// The opening quote is still there.
base::Result<std::string> Parser::quoted() {
  std::string value;
  for (++at_; !ends(); ++at_) {
    const char c = text_[at_];
    if (take('"')) return value;
    if (c == '\r' || c == '\n') continue;  // folding: the blank behind it is the content
    if (c == '\\' && at_ + 1 < text_.size()) ++at_;
    value += text_[at_];
  }
  return wrong("a quoted string has no end");
}

base::Result<Parser::Words> Parser::words() {
  Words result;
  bool after_word = false;
  for (;;) {
    if (auto skipped = skip_blank(); !skipped) return std::unexpected(std::move(skipped.error()));
    if (ends()) return result;
    if (!result.has_any) result.span.begin = at_;
    const char c = text_[at_];
    if (c == '.') {
      result.value += c;
      ++at_;
      after_word = false;
    } else if (c == '"' || is_atom(c)) {
      if (after_word) result.are_local = false;
      after_word = true;
      if (c == '"') {
        auto value = quoted();
        if (!value) return std::unexpected(std::move(value.error()));
        result.value += *value;
      } else {
        const auto from = at_;
        while (!ends() && is_atom(text_[at_])) ++at_;
        result.value += text_.substr(from, at_ - from);
      }
    } else {
      return result;
    }
    result.has_any = true;
    result.span.end = at_;
  }
}

// Behind the "@".
base::Result<std::string> Parser::domain(TextSpan& span) {
  if (auto skipped = skip_blank(); !skipped) return std::unexpected(std::move(skipped.error()));
  if (is_next('[')) {
    const auto end = text_.find(']', at_);
    if (end == std::string_view::npos) return wrong("an address literal has no end");
    const auto literal = text_.substr(at_, end + 1 - at_);
    span = {.begin = at_, .end = end + 1};
    at_ = end + 1;
    return std::string(literal);
  }
  auto name = words();
  if (!name) return std::unexpected(std::move(name.error()));
  span = name->span;
  if (!name->has_any || !name->are_local || text_.substr(span.begin, span.end - span.begin).contains('"'))
    return wrong("\"@\" without a domain");
  return std::move(name->value);
}

// "@a,@b:" before the local part (section 4.4, obs-route): read and forgotten.
base::Result<> Parser::skip_route() {
  if (!is_next('@')) return {};
  for (;;) {
    if (auto skipped = skip_blank(); !skipped) return skipped;
    if (take(',')) continue;
    if (take(':')) return {};
    if (!take('@')) return wrong("a source route without an end");
    TextSpan ignored;
    if (auto hop = domain(ignored); !hop) return std::unexpected(std::move(hop.error()));
  }
}

base::Result<> Parser::address(const Words& local) {
  if (!local.has_any) return wrong("an address without a local part");
  if (!local.are_local) return wrong("words that are no address");
  smtp::Mailbox mailbox{.local = local.value, .domain = {}};
  TextSpan span;
  if (take('@')) {
    auto name = domain(span);
    if (!name) return std::unexpected(std::move(name.error()));
    mailbox.domain = *std::move(name);
  }
  // The rules of the envelope, where it will stand.
  auto checked = smtp::parse_mailbox(to_string(mailbox), smtp::BareLocal::allow, smtp::Utf8::allow);
  if (!checked) return wrong(checked.error().message + ": <" + base::printable(to_string(mailbox), 80) + ">");
  found_.push_back({.mailbox = *std::move(checked), .local = local.span, .domain = span});
  return {};
}

// Behind the "<".
base::Result<> Parser::angle_address() {
  if (auto skipped = skip_blank(); !skipped) return skipped;
  if (auto skipped = skip_route(); !skipped) return skipped;
  auto local = words();
  if (!local) return std::unexpected(std::move(local.error()));
  if (auto read = address(*local); !read) return read;
  if (auto skipped = skip_blank(); !skipped) return skipped;
  if (!take('>')) return wrong("\">\" is missing");
  return {};
}

base::Result<Parser::Item> Parser::item() {
  auto first = words();
  if (!first) return std::unexpected(std::move(first.error()));
  if (first->has_any && take(':')) return Item::group;
  base::Result<> read;
  if (take('<')) {
    read = angle_address();
  } else {
    read = address(*first);
    if (read) read = skip_blank();
    // An address as the display name of another: that one is meant.
    if (read && take('<')) {
      found_.pop_back();
      read = angle_address();
    }
  }
  if (!read) return std::unexpected(std::move(read.error()));
  return Item::address;
}

base::Result<std::vector<ListedAddress>> Parser::run() {
  bool in_group = false;
  for (;;) {
    if (auto skipped = skip_blank(); !skipped) return std::unexpected(std::move(skipped.error()));
    if (ends()) return std::move(found_);
    if (take(',')) continue;
    if (in_group && take(';')) {
      in_group = false;
      continue;
    }
    const auto read = item();
    if (!read) return std::unexpected(read.error());
    if (*read == Item::group) {
      if (std::exchange(in_group, true)) return wrong("a group within a group");
      continue;
    }
    if (auto skipped = skip_blank(); !skipped) return std::unexpected(std::move(skipped.error()));
    if (!ends() && !is_next(',') && !(in_group && is_next(';'))) return wrong("a comma is missing");
  }
}

}  // namespace

base::Result<std::vector<ListedAddress>> parse_address_list(std::string_view text) {
  return Parser(text).run();
}

std::string complete_addresses(std::string_view text, std::string_view origin) {
  std::string result(text);
  const auto list = parse_address_list(text);
  if (!list) return result;
  for (const auto& listed : std::views::reverse(*list))
    if (listed.mailbox.domain.empty()) result.insert(listed.local.end, "@" + std::string(origin));
  return result;
}

}  // namespace godwit::mail
