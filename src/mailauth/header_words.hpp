// SPDX-License-Identifier: Apache-2.0
// Words of peers in the fields that we compose (RFC 5322 section 3.2): they can end neither a quoted string nor a
// comment, nor begin a line.  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace godwit::mailauth {

inline constexpr std::size_t longest_value = 320;  // an address

std::string quoted(std::string_view text);
// Without its parentheses.
std::string comment_text(std::string_view text);

}  // namespace godwit::mailauth
