// SPDX-License-Identifier: Apache-2.0
#include "mime_type.hpp"

#include <algorithm>

#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t longest_boundary = 70;  // RFC 2046 section 5.1.1

// RFC 2045 section 5.1.
bool is_token_character(char c) {
  return c > ' ' && c < 0x7F && !std::string_view("()<>@,;:\\\"/[]?=").contains(c);
}

// Takes the parts of a structured field from its front.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  std::string_view token() {
    skip();
    const auto end = std::ranges::find_if_not(text_, is_token_character);
    const auto taken = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
    text_.remove_prefix(taken.size());
    return taken;
  }
  bool take(char c) {
    skip();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::string value() {
    skip();
    return text_.starts_with('"') ? quoted() : std::string(token());
  }
  // On to what follows the next ";".
  bool next_parameter() {
    for (skip(); !text_.empty(); skip()) {
      if (take(';')) return true;
      if (text_.starts_with('"'))
        quoted();
      else
        text_.remove_prefix(1);
    }
    return false;
  }

 private:
  std::string quoted() {
    std::string result;
    text_.remove_prefix(1);
    while (!text_.empty() && !text_.starts_with('"')) {
      if (text_.starts_with('\\') && text_.size() > 1) text_.remove_prefix(1);
      result += text_.front();
      text_.remove_prefix(1);
    }
    if (!text_.empty()) text_.remove_prefix(1);
    return result;
  }
  // Blanks and comments.
  void skip() {
    int depth = 0;
    while (!text_.empty()) {
      const char c = text_.front();
      if (depth > 0 && c == '\\' && text_.size() > 1)
        text_.remove_prefix(1);
      else if (c == '(')
        ++depth;
      else if (depth > 0 && c == ')')
        --depth;
      else if (depth == 0 && c != ' ' && c != '\t')
        return;
      text_.remove_prefix(1);
    }
  }

  std::string_view text_;
};

void read_content_type(std::string_view body, MimeType& into) {
  Tokens tokens(body);
  const auto type = tokens.token();
  if (type.empty() || !tokens.take('/')) return;
  into.subtype = base::to_lower(tokens.token());
  into.type = base::to_lower(type);
  while (tokens.next_parameter()) {
    const auto name = tokens.token();
    if (!tokens.take('=') || !base::iequals(name, "boundary") || !into.boundary.empty()) continue;
    auto boundary = tokens.value();
    if (boundary.size() <= longest_boundary) into.boundary = std::move(boundary);
  }
}

}  // namespace

MimeType mime_type(const Header& header) {
  MimeType result;
  result.declared = header.find("MIME-Version").has_value();
  if (const auto field = header.find("Content-Type")) {
    result.declared = true;
    read_content_type(unfold(field->body), result);
  }
  if (const auto field = header.find("Content-Transfer-Encoding"))
    result.encoding = base::to_lower(Tokens(unfold(field->body)).token());
  return result;
}

}  // namespace godwit::mail
