// SPDX-License-Identifier: Apache-2.0
// Base 64 (RFC 4648 section 4), hexadecimal, and percent-encoding (RFC 3986 section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace godwit::base {

std::string base64_encode(std::string_view bytes);
// Strict: right alphabet, right padding, no white space.
std::optional<std::string> base64_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);  // lower case
// All but letters, digits and "-._~" as %XX, fit for any part of a URI.
std::string percent_encode(std::string_view bytes);
// Empty: a "%" without two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace godwit::base
