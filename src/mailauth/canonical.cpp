// SPDX-License-Identifier: Apache-2.0
#include "canonical.hpp"

#include <algorithm>
#include <array>

#include "characters.hpp"
#include "godwit/base/text.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::string_view crlf = "\r\n";

constexpr auto ends_run = [] {
  std::array<bool, 256> table{};
  table[' '] = table['\t'] = table['\r'] = true;
  return table;
}();

std::size_t run_of_text(std::string_view bytes) {
  const auto end = std::ranges::find_if(bytes, [](char c) { return ends_run[static_cast<unsigned char>(c)]; });
  return static_cast<std::size_t>(end - bytes.begin());
}

std::string relaxed_field(std::string_view name, std::string_view body) {
  std::string field = base::to_lower(name);
  field += ':';
  bool space = false;
  const auto start = field.size();
  for (const char c : body) {
    if (c == '\r' || c == '\n') continue;
    if (c == ' ' || c == '\t') {
      space = true;
      continue;
    }
    if (space && field.size() > start) field += ' ';
    space = false;
    field += c;
  }
  field += crlf;
  return field;
}

}  // namespace

std::string canonical_field(const mail::HeaderField& field, std::string_view body, Canonical form) {
  if (form == Canonical::relaxed) return relaxed_field(field.name, body);
  // All before the colon as it came, also white space there.
  std::string result(field.raw.substr(0, field.raw.size() - field.body.size() - crlf.size()));
  result += body;
  result += crlf;
  return result;
}

void BodyCanonicalizer::put(std::string_view bytes, std::string& out) {
  if (form_ == Canonical::simple)
    put_simple(bytes, out);
  else
    put_relaxed(bytes, out);
}

// Text makes what was put off count.
void BodyCanonicalizer::put_text(std::string_view text, std::string& out) {
  for (; lines_ > 0; --lines_) out += crlf;
  if (space_) out += ' ';
  space_ = false;
  has_text_ = true;
  out += text;
}

bool BodyCanonicalizer::take_newline(std::string_view& bytes, std::string& out) {
  cr_ = false;
  if (!bytes.starts_with('\n')) {
    put_text("\r", out);
    return false;
  }
  bytes.remove_prefix(1);
  space_ = false;  // at the end of a line it does not count
  ++lines_;
  return true;
}

void BodyCanonicalizer::put_simple(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    if (cr_ && take_newline(bytes, out)) continue;
    const auto text = bytes.substr(0, bytes.find('\r'));
    if (!text.empty()) put_text(text, out);
    bytes.remove_prefix(text.size());
    if (bytes.empty()) return;
    cr_ = true;
    bytes.remove_prefix(1);
  }
}

void BodyCanonicalizer::put_relaxed(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    if (cr_ && take_newline(bytes, out)) continue;
    const auto text = bytes.substr(0, run_of_text(bytes));
    if (!text.empty()) put_text(text, out);
    bytes.remove_prefix(text.size());
    if (bytes.empty()) return;
    if (bytes.front() == '\r')
      cr_ = true;
    else
      space_ = true;
    bytes.remove_prefix(1);
  }
}

// Both forms end with one CRLF, but for an empty body, which is relaxed to nothing.
void BodyCanonicalizer::finish(std::string& out) {
  if (cr_) put_text("\r", out);
  if (has_text_ || form_ == Canonical::simple) out += crlf;
}

}  // namespace godwit::mailauth
