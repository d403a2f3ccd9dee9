// SPDX-License-Identifier: Apache-2.0
// SHA-256 and what SCRAM makes of it (RFC 5802 section 2.2), by OpenSSL; bytes in, bytes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace godwit::smtp {

inline constexpr std::size_t sha256_size = 32;

std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);
std::string pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations);  // "Hi"
// In constant time, of equal sizes.
bool equal_secrets(std::string_view a, std::string_view b);

}  // namespace godwit::smtp
