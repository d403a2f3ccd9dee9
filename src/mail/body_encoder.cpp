// SPDX-License-Identifier: Apache-2.0
#include "body_encoder.hpp"

#include <utility>

#include <fmt/format.h>

#include "godwit/base/encoding.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t base64_line = 57;  // bytes that make 76 characters
constexpr std::size_t quoted_line = 76;  // characters, with the "=" of a soft line break

bool is_safe(char c) {
  return c > ' ' && c < 0x7F && c != '=';
}

}  // namespace

void BodyEncoder::put(std::string_view bytes, std::string& out) {
  switch (encoding_) {
    case TransferEncoding::none:
      return put_plain(bytes, out);
    case TransferEncoding::quoted_printable:
      return put_quoted(bytes, out);
    case TransferEncoding::base64:
      return put_base64(bytes, out);
  }
}

void BodyEncoder::put_plain(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    const bool was_cr = std::exchange(after_cr_, c == '\r');
    if (was_cr || c == '\n') out += "\r\n";
    line_open_ = c != '\n';
    if (c != '\r' && c != '\n') out += c == '\0' ? '?' : c;
  }
}

void BodyEncoder::put_base64(std::string_view bytes, std::string& out) {
  pending_ += bytes;
  std::size_t at = 0;
  for (; pending_.size() - at >= base64_line; at += base64_line)
    out += base::base64_encode(std::string_view(pending_).substr(at, base64_line)) + "\r\n";
  pending_.erase(0, at);
}

void BodyEncoder::write_quoted(std::string_view piece, std::string& out) {
  if (column_ + piece.size() >= quoted_line) {
    out += "=\r\n";
    column_ = 0;
  }
  out += piece;
  column_ += piece.size();
}

void BodyEncoder::quote(char c, std::string& out) {
  write_quoted(fmt::format("={:02X}", static_cast<unsigned char>(c)), out);
}

void BodyEncoder::end_quoted_line(std::string& out) {
  if (blank_ != '\0') quote(blank_, out);  // RFC 2045 section 6.7: a blank at the end would be lost
  blank_ = '\0';
  out += "\r\n";
  column_ = 0;
}

// A blank that is not the last of its line stands for itself.
void BodyEncoder::write_blank(std::string& out) {
  if (blank_ != '\0') write_quoted(std::string_view(&blank_, 1), out);
  blank_ = '\0';
}

void BodyEncoder::put_quoted(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    const bool was_cr = std::exchange(after_cr_, c == '\r');
    if (was_cr && c == '\n') {
      end_quoted_line(out);
      continue;
    }
    if (was_cr || c != '\r') write_blank(out);
    if (was_cr) quote('\r', out);
    if (c == '\r') continue;
    if (c == ' ' || c == '\t')
      blank_ = c;
    else if (is_safe(c))
      write_quoted(std::string_view(&c, 1), out);
    else
      quote(c, out);
  }
}

bool BodyEncoder::finish(std::string& out) {
  bool open = false;
  if (encoding_ == TransferEncoding::none) {
    if (after_cr_) out += "\r\n";
    open = line_open_ && !after_cr_;
  } else if (encoding_ == TransferEncoding::quoted_printable) {
    if (after_cr_) {
      write_blank(out);
      quote('\r', out);
    } else if (blank_ != '\0') {
      quote(blank_, out);
    }
    open = column_ > 0;
  } else {
    out += base::base64_encode(pending_);
    open = !pending_.empty();
  }
  *this = BodyEncoder();
  return open;
}

}  // namespace godwit::mail
