// SPDX-License-Identifier: Apache-2.0
// Text beyond US-ASCII in a header that may have none (RFC 2047).  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace godwit::mail {

// `text`, at most so many bytes of it, never within a character of UTF-8.
std::string_view cut_utf8(std::string_view text, std::size_t most);

// One encoded word or, for a long text, several with folding between them.  What is no UTF-8 is said to be
// "unknown-8bit" (RFC 1428).
std::string encoded_words(std::string_view text);

}  // namespace godwit::mail
