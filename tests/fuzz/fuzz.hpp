// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets share.  A target is one function, named as its file, which ends the program where a promise is
// broken, and says which.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>

namespace godwit::fuzz {

inline void require(bool holds, std::source_location where = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: the promise is broken\n", where.file_name(), where.line());
  std::abort();
}

// A byte from the front; 0 at the end.
inline unsigned take_byte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return byte;
}
// So many bytes from the front, or what there is.
inline std::string_view take(std::string_view& input, std::size_t size) {
  const auto taken = input.substr(0, size);
  input.remove_prefix(taken.size());
  return taken;
}
// What comes before `mark`, which is taken too.
inline std::string_view take_until(std::string_view& input, std::string_view mark) {
  const auto taken = input.substr(0, input.find(mark));
  input.remove_prefix(std::min(input.size(), taken.size() + mark.size()));
  return taken;
}

// `each` gets the text in pieces of so many bytes.
template <class Each>
void in_pieces(std::string_view text, std::size_t size, Each each) {
  while (!text.empty()) each(take(text, size));
}
// `read(text, piece)` gives the same for the text as a whole, byte by byte, and in pieces of seven: that.
template <class Read>
auto read_alike(std::string_view text, Read read) {
  auto whole = read(text, text.size() + 1);
  require(read(text, 1) == whole && read(text, 7) == whole);
  return whole;
}

inline bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}
inline bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; });
}
// Lines of at most `longest` octets that end in CR LF; no bare CR or LF, no NUL.  The last may be open.
inline bool is_canonical(std::string_view text, std::size_t longest = std::string_view::npos) {
  while (!text.empty()) {
    const auto line = take_until(text, "\r\n");
    if (!is_one_line(line) || line.size() > longest) return false;
  }
  return true;
}
// Whole fields of a header: "Name: …" and what continues it.
inline bool are_fields(std::string_view text) {
  if (!text.empty() && (!text.ends_with("\r\n") || text.starts_with(' ') || text.starts_with('\t'))) return false;
  if (!is_canonical(text)) return false;
  while (!text.empty()) {
    const auto line = take_until(text, "\r\n");
    const bool continues = line.starts_with(' ') || line.starts_with('\t');
    const auto name = line.substr(0, line.find(':'));
    const bool named = !name.empty() && name.size() < line.size() &&
                       std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7F'; });
    if (!continues && !named) return false;
  }
  return true;
}

}  // namespace godwit::fuzz
