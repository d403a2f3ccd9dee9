// SPDX-License-Identifier: Apache-2.0
// A header field that a program outside wants put above a message, made fit for one.  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::mail {

// "Name: value\r\n", folded.  Whatever `value` holds, it stays one field: line breaks and control bytes become blanks,
// what is beyond US-ASCII encoded words (RFC 2047).  Errors: invalid (no name of a field, no value), exhausted (too
// long).
base::Result<std::string> added_field(std::string_view name, std::string_view value);

inline constexpr std::size_t longest_added_field = 4096;  // of the value

}  // namespace godwit::mail
