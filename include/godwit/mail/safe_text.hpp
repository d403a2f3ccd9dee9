// SPDX-License-Identifier: Apache-2.0
// Makes what peers and users said fit for the header fields and reports that we compose: no control bytes, bounded,
// folded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace godwit::mail {

// Printable US-ASCII; every other byte becomes '?'.  Cut at `limit`.
std::string safe_text(std::string_view text, std::size_t limit = 512);
// The same where UTF-8 is allowed: valid sequences stay (RFC 6533).
std::string safe_utf8(std::string_view text, std::size_t limit = 512);
// A word for Received: also without what ends or opens comments, quotes and clauses; "unknown" when nothing is left.
std::string safe_word(std::string_view text);

// "Name: body\r\n", folded at spaces where a line would pass 78 octets; words too long for a line are cut into ones
// that are not. Requires: the body has no CR or LF.
std::string folded_field(std::string_view name, std::string_view body);

}  // namespace godwit::mail
