// SPDX-License-Identifier: Apache-2.0
// Header fields of a new message (RFC 5322 section 2.2), out of values that are checked here: one that would end its
// line, or is no UTF-8, is refused.  Unfolded and decoded they say exactly what they were given.  Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/mail/new_message.hpp"

namespace godwit::mail {

// Valid UTF-8 without control characters (C0, DEL and C1), and so fit for one line.
bool is_clean_line(std::string_view text);

// "Subject: ..." in encoded words (RFC 2047) where US-ASCII, or its blanks, would not say it.  Empty: no field.
base::Result<std::string> text_field(std::string_view name, std::string_view value);

// "To: A <a@x.example>,\r\n B <b@x.example>\r\n"; nobody: no field.
base::Result<std::string> people_field(std::string_view name, const std::vector<Person>& people);

// A field of the sender's own choice.  Errors: also a name that is none, or of a field that others write.
base::Result<std::string> further_field(std::string_view name, std::string_view value);

// A parameter of a MIME field, folded in front: ";\r\n\tfilename=\"a.txt\"", or by RFC 2231, in several where it is
// long.  Requires: is_clean_line(value).
std::string mime_parameter(std::string_view name, std::string_view value);

// A Content-Type's value, normalised, without `name` and `boundary`.  Errors: invalid (it is none).
struct ContentType {
  std::string type{};  // lower case, "text"
  std::string text{};  // "text/csv; charset=\"utf-8\""
};
base::Result<ContentType> read_content_type(std::string_view text);

}  // namespace godwit::mail
