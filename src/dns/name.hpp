// SPDX-License-Identifier: Apache-2.0
// Domain names between wire and text form (RFC 1035 sections 3.1 and 4.1.4).  Private to dns/.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace godwit::dns {

inline constexpr std::size_t max_name = 255;  // on the wire, with lengths and the root (RFC 1035 section 2.3.4)
inline constexpr std::size_t max_label = 63;

// Requires: a name made by normal_name, or "", the root.
std::string encode_name(std::string_view name);

// Reads the name at `at` and moves `at` behind it.  Empty: malformed.
std::optional<std::string> decode_name(std::string_view message, std::size_t& at);

}  // namespace godwit::dns
