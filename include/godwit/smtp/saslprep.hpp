// SPDX-License-Identifier: Apache-2.0
// SASLprep (RFC 4013): the form in which user names and passwords are compared, whatever way a keyboard composed their
// letters.  Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace godwit::smtp {

// Empty: not UTF-8, or it holds what SASLprep prohibits (control characters, mixed directions), or nothing is left of
// it. Code points that Unicode 3.2 did not know pass as they are, stored or asked: passwords may hold them (RFC 8265).
std::optional<std::string> saslprep(std::string_view text);

}  // namespace godwit::smtp
