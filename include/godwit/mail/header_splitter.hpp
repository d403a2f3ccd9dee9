// SPDX-License-Identifier: Apache-2.0
// Divides a canonical message that comes in pieces into its header and its body: holds the header, lets the body pass.
// The header ends at the empty line, which belongs to neither, or before the first line that is no part of a field
// (the empty line was forgotten).  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::mail {

class HeaderSplitter {
 public:
  explicit HeaderSplitter(std::size_t longest_header) : longest_(longest_header) {}
  // Appends to `body` what is known to lie behind the header.  Errors: exhausted (the header is longer than it may be).
  base::Result<> put(std::string_view bytes, std::string& body);
  // At the message's end: a header alone is one, too.
  void finish(std::string& body);

  bool ended() const { return ended_; }
  // Whole fields, each with its CRLF.  Requires: ended().
  const std::string& header() const { return header_; }
  std::string take_header() { return std::move(header_); }

 private:
  bool belongs(std::string_view line) const;
  void end(std::string& body);

  std::size_t longest_;
  std::string header_;
  std::size_t line_ = 0;     // in header_: where the line begins that is not whole yet
  std::size_t scanned_ = 0;  // no line end before it, since line_
  bool ended_ = false;
};

}  // namespace godwit::mail
