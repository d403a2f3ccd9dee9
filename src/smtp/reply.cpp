// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/reply.hpp"

#include <algorithm>
#include <array>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::smtp {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

std::string without_controls(std::string_view text) {
  std::string result(text);
  std::ranges::replace_if(result, is_control, '?');
  return result;
}

// The code of a reply line, 0 for what cannot be one.  RFC 5321 section 4.2 has 2yz to 5yz.
int line_code(std::string_view line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2])) return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

// The enhanced code at the start of `text`, if its class is that of `code` (RFC 2034 section 4); `rest` is what follows
// it.
std::optional<EnhancedCode> leading_enhanced_code(int code, std::string_view text, std::string_view& rest) {
  const auto space = text.find(' ');
  const auto enhanced = parse_enhanced_code(text.substr(0, space));
  if (!enhanced || enhanced->klass != code / 100) return {};
  rest = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
  return enhanced;
}

}  // namespace

std::string to_string(EnhancedCode code) {
  return fmt::format(FMT_COMPILE("{}.{}.{}"), code.klass, code.subject, code.detail);
}

std::optional<EnhancedCode> parse_enhanced_code(std::string_view text) {
  constexpr std::size_t most_digits = 3;  // RFC 3463 section 2
  const auto parts = base::split(text, '.');
  if (parts.size() != 3) return {};
  std::array<int, 3> numbers{};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto number = base::parse_unsigned(parts[i]);
    if (!number || parts[i].size() > most_digits) return {};
    numbers[i] = static_cast<int>(*number);
  }
  if (numbers[0] != 2 && numbers[0] != 4 && numbers[0] != 5) return {};
  return EnhancedCode{numbers[0], numbers[1], numbers[2]};
}

Reply make_reply(int code, EnhancedCode enhanced, std::string_view text) {
  return {code, enhanced, {without_controls(text)}};
}

std::string to_wire(const Reply& reply) {
  const std::string enhanced = reply.enhanced ? to_string(reply.enhanced) + ' ' : std::string();
  const auto code = fmt::format(FMT_COMPILE("{:03}"), reply.code);
  std::string wire;
  for (const auto& line : reply.lines) {
    const char separator = &line != &reply.lines.back() ? '-' : ' ';
    wire.append(code).append(1, separator).append(enhanced).append(line).append("\r\n");
  }
  return wire;
}

std::string to_line(const Reply& reply) {
  std::string line = fmt::format("{:03}", reply.code);
  if (reply.enhanced) line += ' ' + to_string(reply.enhanced);
  for (const auto& text : reply.lines)
    if (!text.empty()) line += ' ' + text;
  return line;
}

void ReplyReader::reset() {
  line_.clear();
  bytes_ = 0;
  kept_ = 0;
  done_ = false;
  reply_ = {};
}

ReplyReader::Status ReplyReader::read(std::string_view& input) {
  if (done_) reset();
  while (!input.empty()) {
    const auto newline = input.find('\n');
    const auto taken = newline == std::string_view::npos ? input.size() : newline + 1;
    bytes_ += taken;
    if (bytes_ > max_bytes) return Status::too_long;
    line_ += input.substr(0, taken);
    input.remove_prefix(taken);
    if (newline == std::string_view::npos) break;

    const Status status = take_line();
    line_.clear();
    if (status != Status::more) return status;
  }
  return Status::more;
}

// `line_` is one line with its end.
ReplyReader::Status ReplyReader::take_line() {
  std::string_view line(line_);
  line.remove_suffix(line.ends_with("\r\n") ? 2 : 1);
  const int code = line_code(line);
  if (code == 0 || (!reply_.lines.empty() && code != reply_.code)) return Status::malformed;
  line.remove_prefix(3);
  const char separator = line.empty() ? ' ' : line.front();
  if (separator != ' ' && separator != '-') return Status::malformed;
  if (!line.empty()) line.remove_prefix(1);

  std::string_view text = line;
  if (const auto enhanced = leading_enhanced_code(code, line, text)) {
    if (!reply_.enhanced) reply_.enhanced = *enhanced;
    if (*enhanced != reply_.enhanced) text = line;  // a second, other code is part of the peer's words
  }
  reply_.code = code;
  text = text.substr(0, max_kept - kept_);
  kept_ += text.size();
  reply_.lines.push_back(without_controls(text));
  if (separator == ' ') {
    done_ = true;
    return Status::complete;
  }
  return reply_.lines.size() < max_lines ? Status::more : Status::too_long;
}

}  // namespace godwit::smtp
