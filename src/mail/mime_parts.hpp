// SPDX-License-Identifier: Apache-2.0
// The parts of a message that is there as a whole, for who reads reports.  Pure; views point into the message.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "godwit/mail/header.hpp"

namespace godwit::mail {

// What follows the header and its empty line.
std::string_view after_header(std::string_view text, const Header& header);

// Takes the next part of a multipart from `rest`, without the line end before the delimiter; nothing: there is none.
std::optional<std::string_view> next_part(std::string_view& rest, const std::string& delimiter);

}  // namespace godwit::mail
