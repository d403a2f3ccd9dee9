// SPDX-License-Identifier: Apache-2.0
// What ends a line (RFC 5322 section 2.1).
#pragma once

#include <string_view>

namespace godwit::mail {

inline constexpr std::string_view crlf = "\r\n";

}  // namespace godwit::mail
