// SPDX-License-Identifier: Apache-2.0
#include "canonical_text.hpp"

namespace godwit::tools {
namespace {

constexpr std::string_view mailbox_line = "From ";

}  // namespace

void CanonicalText::put(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    if (ended_) return;
    put(c, out);
  }
}

void CanonicalText::put(char c, std::string& out) {
  if (c == '\r') {
    has_cr_ = true;
  } else if (c == '\n') {
    has_cr_ = false;
    end_line(out);
  } else {
    if (has_cr_) end_line(out);
    has_cr_ = false;
    if (!ended_) put_in_line(c, out);
  }
}

void CanonicalText::put_in_line(char c, std::string& out) {
  if (c == '\0') c = '?';
  if (static_cast<unsigned char>(c) >= 0x80) has_high_bytes_ = true;
  if (at_ == At::first_line) {
    first_ += c;
    if (first_ == mailbox_line) {
      at_ = At::skipped_line;
    } else if (!mailbox_line.starts_with(first_)) {
      at_ = At::line_start;
      const std::string held = std::move(first_);
      for (const char each : held) put_in_line(each, out);
    }
    return;
  }
  if (at_ == At::skipped_line) return;
  if (at_ == At::line_start && c == '.' && dot_ == DotLine::ends) {
    at_ = At::dot;
    return;
  }
  if (at_ == At::dot) out += '.';
  out += c;
  at_ = At::text;
}

void CanonicalText::end_line(std::string& out) {
  if (at_ == At::dot) {
    ended_ = true;
    return;
  }
  if (at_ != At::skipped_line) {
    if (at_ == At::first_line) out += first_;
    out += "\r\n";
  }
  at_ = At::line_start;
}

void CanonicalText::finish(std::string& out) {
  if (ended_) return;
  const bool is_open = at_ == At::text || at_ == At::dot || (at_ == At::first_line && !first_.empty());
  if (is_open || has_cr_) end_line(out);
}

}  // namespace godwit::tools
