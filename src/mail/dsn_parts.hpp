// SPDX-License-Identifier: Apache-2.0
// The three parts of a report (RFC 3464 section 2, RFC 6522), each with its MIME header, canonical and in lines of at
// most 998 octets.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "godwit/mail/dsn.hpp"

namespace godwit::mail {

// Octets of one recipient's diagnostic: fewer where there are many, so that a report stays small.
std::size_t longest_diagnostic(const DsnRequest& request);

// For people.
std::string explanation_part(const DsnRequest& request);
// For programs: message/delivery-status.
std::string status_part(const DsnRequest& request);
// The original: its header, or all of it where the sender asked for that and it is fit to be sent again.
std::string original_part(const DsnRequest& request);

// Whether the original's header, which is a part, is in UTF-8 (RFC 6532).
bool has_international_header(const DsnRequest& request);

// "Content-Type: …\r\nContent-Transfer-Encoding: …\r\n\r\n" as `content` needs it.
std::string part_header(std::string_view type, std::string_view content);

}  // namespace godwit::mail
