// SPDX-License-Identifier: Apache-2.0
#include "mime_tokens.hpp"

#include <algorithm>

#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

bool is_token_character(char c) {
  return c > ' ' && c < 0x7F && !std::string_view("()<>@,;:\\\"/[]?=").contains(c);
}

}  // namespace

std::string_view MimeTokens::token() {
  skip();
  const auto end = std::ranges::find_if_not(text_, is_token_character);
  const auto taken = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
  text_.remove_prefix(taken.size());
  return taken;
}

bool MimeTokens::take(char c) {
  skip();
  if (!text_.starts_with(c)) return false;
  text_.remove_prefix(1);
  return true;
}

std::vector<MimeParameter> MimeTokens::parameters(std::size_t most) {
  std::vector<MimeParameter> all;
  while (all.size() < most && next_parameter()) {
    MimeParameter one{.name = base::to_lower(token()), .value = {}, .loose = {}};
    if (one.name.empty() || !take('=')) continue;
    read_value(one);
    all.push_back(std::move(one));
  }
  return all;
}

bool MimeTokens::next_parameter() {
  for (skip(); !text_.empty(); skip()) {
    if (take(';')) return true;
    if (text_.starts_with('"'))
      quoted();
    else
      text_.remove_prefix(1);
  }
  return false;
}

void MimeTokens::read_value(MimeParameter& into) {
  skip();
  const auto whole = text_;
  const bool is_quoted = text_.starts_with('"');
  into.value = is_quoted ? quoted() : std::string(token());
  const auto from = is_quoted ? text_ : whole;
  const auto more = base::trim(from.substr(0, from.find(';')));
  into.loose = is_quoted ? into.value + std::string(more) : std::string(more);
}

std::string MimeTokens::quoted() {
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

void MimeTokens::skip() {
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

}  // namespace godwit::mail
