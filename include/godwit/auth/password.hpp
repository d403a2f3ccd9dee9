// SPDX-License-Identifier: Apache-2.0
// Passwords as crypt(3) hashes (libcrypt: yescrypt, SHA-512, bcrypt, whatever it knows).  Takes milliseconds to tens of
// them: never on a reactor.  Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"
#include "godwit/smtp/scram.hpp"

namespace godwit::auth {

// yescrypt ("$y$") at libcrypt's default cost, salt from the kernel.  Errors: invalid (NUL in it, empty, or over 511
// bytes).
base::Result<std::string> hash_password(std::string_view password);
// What an account keeps of a password: the hash for PLAIN and LOGIN, the keys for SCRAM.
struct Secrets {
  std::string hash;
  std::optional<smtp::ScramKeys> scram = {};
};
// Of the password in the form of SASLprep (RFC 4013), salts from the kernel.  Errors: those of hash_password; invalid
// (SASLprep prohibits it).
base::Result<Secrets> make_secrets(std::string_view password);
// By the hash, or where there is none by the keys; as given, and in the form of SASLprep.
bool password_matches(std::string_view password, const Secrets& secrets);
// Compares in constant time.  A hash that libcrypt does not know matches nothing.
bool password_matches(std::string_view password, std::string_view hash);
// Whether libcrypt can verify this hash.
bool is_known_hash(std::string_view hash);
// "xk3v-p9fd-…": 100 random bits from the kernel in letters and digits that are not mistaken for each other.
std::string generate_password();

}  // namespace godwit::auth
