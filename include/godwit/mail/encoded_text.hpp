// SPDX-License-Identifier: Apache-2.0
// Text of a header that is more than US-ASCII, as people see it: encoded words (RFC 2047) and extended parameters (RFC
// 2231) become UTF-8.  More is understood than the grammars have, as mail readers do.  Pure, linear in the text.
#pragma once

#include <string>
#include <string_view>

namespace godwit::mail {

// `bytes` in this charset as UTF-8.  Of one that is not known, what is no UTF-8 becomes U+FFFD; what is US-ASCII in it
// can be read in nearly all of them.
std::string decode_charset(std::string_view charset, std::string_view bytes);
// `text`, unfolded, with its encoded words decoded; those that cannot be stay.  UTF-8.
std::string decode_words(std::string_view text);

}  // namespace godwit::mail
