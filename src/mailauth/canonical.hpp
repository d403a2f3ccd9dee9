// SPDX-License-Identifier: Apache-2.0
// Canonical forms of RFC 6376 section 3.4.  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "godwit/mail/header.hpp"
#include "godwit/mailauth/message_digest.hpp"

namespace godwit::mailauth {

// A header field with its CRLF; `body` in place of its own.
std::string canonical_field(const mail::HeaderField& field, std::string_view body, Canonical form);

// A body that comes in pieces.  What it becomes is appended to `out`.
class BodyCanonicalizer {
 public:
  explicit BodyCanonicalizer(Canonical form) : form_(form) {}
  void put(std::string_view bytes, std::string& out);
  void finish(std::string& out);

 private:
  void put_simple(std::string_view bytes, std::string& out);
  void put_relaxed(std::string_view bytes, std::string& out);
  // Of a line, relaxed: what has single spaces alone, and what has not.
  void put_plain(std::string_view text, std::string& out);
  void put_words(std::string_view text, std::string& out);
  void put_text(std::string_view text, std::string& out);
  // A CR came before: whether this is its LF.
  bool take_newline(std::string_view& bytes, std::string& out);

  Canonical form_;
  bool cr_ = false;        // the last byte was a CR
  bool space_ = false;     // white space that counts only before more text (relaxed)
  bool has_text_ = false;  // something was put out
  std::size_t lines_ = 0;  // line ends that count only before more text
};

}  // namespace godwit::mailauth
