// SPDX-License-Identifier: Apache-2.0
// How Postfix's files are written: logical lines, words, braces.  Pure; everything is bounded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit::setup::postfix {

struct Line {
  std::string text;  // continuation lines joined by a blank, comments left out
  int number = 0;    // of its first line, from 1
};

inline constexpr std::size_t longest_line = std::size_t{1} << 20U;  // logical; of more the rest is cut off
inline constexpr std::size_t most_lines = 200'000;

struct Lines {
  std::vector<Line> lines;
  std::vector<int> cut;  // numbers of lines that were too long
  std::size_t left = 0;  // so many beyond `most_lines`
};
// A line that begins with a blank continues the one before; a line whose first word begins with "#" is a comment, also
// in the middle of one that continues.
Lines logical_lines(std::string_view text);

// Parted by blanks and commas; what stands in braces is one word, with them.
std::vector<std::string> words_of(std::string_view text);
// "{ a b }" → "a b"; others as they are.
std::string_view without_braces(std::string_view word);
// Where the brace that opens at `from` closes; npos: nowhere.
std::size_t closing_brace(std::string_view text, std::size_t from);

// For remarks, in one line of a comment: without control bytes, cut at `limit` bytes.
std::string shown_text(std::string_view text, std::size_t limit = 200);

// "name = value"; false: there is no "=", or no name.
bool split_setting(std::string_view line, std::string& name, std::string& value);

}  // namespace godwit::setup::postfix
