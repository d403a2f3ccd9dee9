// SPDX-License-Identifier: Apache-2.0
// Addresses of type utf-8 in ORCPT and in delivery reports (RFC 6533 section 3).  Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace godwit::smtp {

// An address in UTF-8 as printable US-ASCII, the utf-8-addr-xtext: "δ+@a" is "\x{3B4}\x{2B}@a".
// Empty for what is not UTF-8.  It may stand in a report and, without further coding, as a parameter.
std::string utf8_address_text(std::string_view address);

// Reads that form, and the plain UTF-8 of utf-8-addr-unitext, into the former; nothing: it is neither.
std::optional<std::string> read_utf8_address(std::string_view value);

}  // namespace godwit::smtp
