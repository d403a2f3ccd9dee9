// SPDX-License-Identifier: Apache-2.0
// Base 64 for URLs and file names (RFC 4648 section 5), without padding, as JOSE has it (RFC 7515 section 2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace godwit::base {

std::string base64url_encode(std::string_view bytes);
// Strict: right alphabet, no white space; padding may follow.
std::optional<std::string> base64url_decode(std::string_view text);
// Whether all of it is of the alphabet; "" is not.
bool is_base64url(std::string_view text);

}  // namespace godwit::base
