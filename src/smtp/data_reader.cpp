// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "godwit/smtp/framing.hpp"

namespace godwit::smtp {

namespace {

std::size_t find_byte(std::string_view text, std::size_t from, char byte) {
  if (from >= text.size()) return text.size();
  const void* hit = std::memchr(text.data() + from, byte, text.size() - from);
  return hit == nullptr ? text.size() : static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
}

}  // namespace

// One step after `state_` is known; the states before a byte whose meaning the next one decides:
//   line_start: after CRLF, or at the beginning    text: inside a line         cr: after a CR that was not given out
//   yet dot: after a dot that began a line             dot_cr: after dot and CR    (the dot is never given out)
DataReader::Chunk DataReader::read(std::string_view& input) {
  if (input.empty()) return {};
  switch (state_) {
    case State::line_start:
      if (framing_ == Framing::dots && input.front() == '.') {
        input.remove_prefix(1);
        state_ = State::dot;
        return read(input);
      }
      return read_text(input);
    case State::text:
      return read_text(input);
    case State::cr:
    case State::dot_cr:
      return resolve_cr(input);
    case State::dot:
      // RFC 5321 section 4.5.2: a dot with more on its line is not the end, and is deleted.
      if (input.front() == '\r') {
        input.remove_prefix(1);
        state_ = State::dot_cr;
        return read(input);
      }
      state_ = State::text;
      return read_text(input);
  }
  return {};
}

std::string_view DataReader::finish() {
  if (state_ == State::line_start) return {};
  if (state_ == State::cr) bare_newline_ = true;  // "\r" and no more: it becomes a line end where that is wanted
  end_line();
  return "\r\n";
}

// The byte that follows a CR held back.
DataReader::Chunk DataReader::resolve_cr(std::string_view& input) {
  if (input.front() != '\n') {
    bare_newline_ = true;
    ++line_;
    state_ = State::text;
    return {"\r", false};
  }
  input.remove_prefix(1);
  if (state_ == State::dot_cr) return {{}, true};
  end_line();
  return {"\r\n", false};
}

void DataReader::end_line() {
  longest_line_ = std::max(longest_line_, line_);
  line_ = 0;
  state_ = State::line_start;
}

// Gives out as much as lies in one piece: up to a dot that begins a line, a CR at the end of the input, or the end of
// it.
DataReader::Chunk DataReader::read_text(std::string_view& input) {
  std::size_t at = 0;
  while (at < input.size()) {
    if (framing_ == Framing::dots && at > 0 && state_ == State::line_start && input[at] == '.') break;
    const auto lf = find_byte(input, at, '\n');
    auto line = input.substr(at, lf - at);
    const bool held_back = line.ends_with('\r');
    if (held_back) line.remove_suffix(1);
    if (find_byte(line, 0, '\r') < line.size()) bare_newline_ = true;
    line_ += line.size();
    state_ = State::text;
    at += line.size();
    if (lf == input.size()) {
      if (held_back) state_ = State::cr;
      break;
    }
    if (held_back) {
      end_line();
      at += 2;
    } else {
      bare_newline_ = true;
      longest_line_ = std::max(longest_line_, line_);
      line_ = 0;
      at += 1;
    }
  }
  longest_line_ = std::max(longest_line_, line_);
  const auto bytes = input.substr(0, at);
  input.remove_prefix(at + (state_ == State::cr ? 1 : 0));
  if (!has_nul_ && find_byte(bytes, 0, '\0') < bytes.size()) has_nul_ = true;
  return {bytes, false};
}

}  // namespace godwit::smtp
