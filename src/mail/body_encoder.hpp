// SPDX-License-Identifier: Apache-2.0
// Encodes the body of one part as it streams by (RFC 2045 section 6).
#pragma once

#include <string>
#include <string_view>

namespace godwit::mail {

enum class TransferEncoding { none, quoted_printable, base64 };

class BodyEncoder {
 public:
  explicit BodyEncoder(TransferEncoding encoding = TransferEncoding::none) : encoding_(encoding) {}

  // `none`: bare CR and LF become CR LF, NUL becomes "?".
  void put(std::string_view bytes, std::string& out);
  // The body ends here; whatever line end follows is not part of it.  Gives whether its last line is open.
  bool finish(std::string& out);

 private:
  void put_plain(std::string_view bytes, std::string& out);
  void put_quoted(std::string_view bytes, std::string& out);
  void put_base64(std::string_view bytes, std::string& out);
  void quote(char c, std::string& out);
  void write_blank(std::string& out);
  void write_quoted(std::string_view piece, std::string& out);
  void end_quoted_line(std::string& out);

  TransferEncoding encoding_;
  std::string pending_;     // base 64: bytes that make no whole line yet
  std::size_t column_ = 0;  // quoted-printable: of the line being written
  char blank_ = '\0';       // … a blank that may be the last of its line
  bool after_cr_ = false;
  bool line_open_ = false;  // none: what was written last was no line end
};

}  // namespace godwit::mail
