// SPDX-License-Identifier: Apache-2.0
// Small pure functions on text.  "ASCII" in a comment means: bytes above 127 are left as they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"

namespace godwit::base {

bool iequals(std::string_view a, std::string_view b);                        // ASCII case-insensitive
bool istarts_with(std::string_view text, std::string_view prefix);           // ASCII case-insensitive
std::string to_lower(std::string_view text);                                 // ASCII
std::string to_upper(std::string_view text);                                 // ASCII
std::string_view trim(std::string_view text);                                // spaces, tabs, CR, LF at both ends
std::vector<std::string_view> split(std::string_view text, char separator);  // keeps empty parts; "" gives one
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view domain_of(std::string_view address);  // what follows the last "@"; without one, all of it

// Decimal digits only, no sign; empty on overflow or anything else.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);
// "30s", "5m", "4h", "5d", "250ms", "1h30m"; a plain "0" is allowed.
std::optional<Duration> parse_duration(std::string_view text);
// "512KiB", "50MiB", "1GiB", "4096" (bytes), also KB/MB/GB = the same powers of two.
std::optional<std::uint64_t> parse_size(std::string_view text);
// "50MiB": the largest unit that leaves no rest.
std::string format_size(std::uint64_t bytes);

// For logs and terminals: control bytes, DEL, backslash, double quote and invalid UTF-8 become \xNN, \\, \"; cut at
// `limit` bytes with "...".
std::string printable(std::string_view text, std::size_t limit = 512);

// The nearest of `candidates` within a small edit distance, for "did you mean".  Empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// Whether `text` fits `pattern`, in which "*" stands for any run of bytes; ASCII case-insensitive.
bool matches_pattern(std::string_view pattern, std::string_view text);

bool is_valid_utf8(std::string_view text);
// Bytes that are no part of a valid sequence become U+FFFD.
std::string to_valid_utf8(std::string_view text);
bool is_ascii(std::string_view text);

}  // namespace godwit::base
