// SPDX-License-Identifier: Apache-2.0
#include "canonical.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "godwit/base/text.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::string_view crlf = "\r\n";

// A bit of each byte that is zero, and perhaps of one that is 1 behind such a one.
constexpr std::uint64_t zero_bytes(std::uint64_t word) {
  return (word - 0x0101010101010101U) & ~word & 0x8080808080808080U;
}
constexpr std::uint64_t each_byte(char c) {
  return 0x0101010101010101U * static_cast<unsigned char>(c);
}

// No tab, and no two spaces in a row: as nearly all lines are.  One that has an odd character behind a space may count
// as another, which costs time and nothing else.
bool has_single_spaces(std::string_view text) {
  bool space = false;  // the last byte
  if constexpr (std::endian::native == std::endian::little)
    for (std::uint64_t word = 0; text.size() >= sizeof word; text.remove_prefix(sizeof word)) {
      std::memcpy(&word, text.data(), sizeof word);
      const auto spaces = zero_bytes(word ^ each_byte(' '));
      const auto behind_spaces = spaces << 8U | (space ? 0x80U : 0U);
      if ((zero_bytes(word ^ each_byte('\t')) | (spaces & behind_spaces)) != 0) return false;
      space = spaces >> 63U != 0;
    }
  for (const char c : text) {
    if (c == '\t' || (c == ' ' && space)) return false;
    space = c == ' ';
  }
  return true;
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
    const auto line = bytes.substr(0, bytes.find('\r'));
    if (has_single_spaces(line))
      put_plain(line, out);
    else
      put_words(line, out);
    bytes.remove_prefix(line.size());
    if (bytes.empty()) return;
    cr_ = true;
    bytes.remove_prefix(1);
  }
}

void BodyCanonicalizer::put_plain(std::string_view text, std::string& out) {
  if (space_ && text.starts_with(' ')) text.remove_prefix(1);
  const bool trailing = text.ends_with(' ');
  if (trailing) text.remove_suffix(1);
  if (!text.empty()) put_text(text, out);
  space_ = space_ || trailing;
}

void BodyCanonicalizer::put_words(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const auto word = text.substr(0, text.find_first_of(" \t"));
    if (!word.empty()) put_text(word, out);
    text.remove_prefix(word.size());
    const auto spaces = std::min(text.find_first_not_of(" \t"), text.size());
    space_ = space_ || spaces > 0;
    text.remove_prefix(spaces);
  }
}

// Both forms end with one CRLF, but for an empty body, which is relaxed to nothing.
void BodyCanonicalizer::finish(std::string& out) {
  if (cr_) put_text("\r", out);
  if (has_text_ || form_ == Canonical::simple) out += crlf;
}

}  // namespace godwit::mailauth
