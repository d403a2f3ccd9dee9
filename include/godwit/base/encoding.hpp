// SPDX-License-Identifier: Apache-2.0
// Base 64 (RFC 4648 section 4) and hexadecimal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace godwit::base {

std::string base64_encode(std::string_view bytes);
// Strict: right alphabet, right padding, no white space.
std::optional<std::string> base64_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);  // lower case

}  // namespace godwit::base
