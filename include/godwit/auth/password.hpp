// SPDX-License-Identifier: Apache-2.0
// Passwords as crypt(3) hashes (libcrypt: yescrypt, SHA-512, bcrypt, whatever it knows).  Takes milliseconds to tens of
// them: never on a reactor.  Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::auth {

// yescrypt ("$y$") at libcrypt's default cost, salt from the kernel.  Errors: invalid (NUL in it, empty, or over 511
// bytes).
base::Result<std::string> hash_password(std::string_view password);
// Compares in constant time.  A hash that libcrypt does not know matches nothing.
bool password_matches(std::string_view password, std::string_view hash);
// Whether libcrypt can verify this hash.
bool is_known_hash(std::string_view hash);
// "xk3v-p9fd-…": 100 random bits from the kernel in letters and digits that are not mistaken for each other.
std::string generate_password();

}  // namespace godwit::auth
