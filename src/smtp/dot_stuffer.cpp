// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/framing.hpp"

namespace godwit::smtp {
namespace {

constexpr std::string_view longest_end = "\r\n.\r\n";

// Where the line after the one at `from` starts; bytes.size() if that is not in `bytes`.
std::size_t next_line(std::string_view bytes, std::size_t from) {
  const auto newline = bytes.find('\n', from);
  return newline == std::string_view::npos ? bytes.size() : newline + 1;
}

}  // namespace

// RFC 5321 section 4.5.2: a dot that starts a line is doubled.
void DotStuffer::put(std::string_view bytes, std::string& out) {
  if (bytes.empty()) return;
  out.reserve(out.size() + bytes.size() + longest_end.size());  // so that the end of a message copies nothing
  std::size_t copied = 0;
  for (std::size_t at = line_start_ ? 0 : next_line(bytes, 0); at < bytes.size(); at = next_line(bytes, at)) {
    if (bytes[at] != '.') continue;
    out.append(bytes.substr(copied, at - copied));
    out += '.';
    copied = at;
  }
  out.append(bytes.substr(copied));
  line_start_ = bytes.back() == '\n';
}

void DotStuffer::finish(std::string& out) {
  out += line_start_ ? longest_end.substr(2) : longest_end;
}

}  // namespace godwit::smtp
