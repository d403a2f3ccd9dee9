// SPDX-License-Identifier: Apache-2.0
// Where a header ends: what a line of it looks like.
#pragma once

#include <cstddef>
#include <string_view>

namespace godwit::mail {

// The length of the field name at the start of `line`, 0 if there is none.  RFC 5322 section 3.6.8: printable US-ASCII
// but the colon; section 4.5 allows blanks before the colon.
std::size_t field_name_length(std::string_view line);

// Whether it goes on with the field of the line before (RFC 5322 section 2.2.3).
inline bool continues_field(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

}  // namespace godwit::mail
