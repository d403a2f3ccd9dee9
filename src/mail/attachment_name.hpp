// SPDX-License-Identifier: Apache-2.0
// The names that the parameters of a MIME field give a part, in every reading that mail readers have of them.  Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mime_tokens.hpp"

namespace godwit::mail {

// base: "filename" or "name".  Plain values (also with encoded words, which RFC 2047 forbids there and many write),
// extended ones and continuations (RFC 2231), decoded; each once.  Several: readers differ in which they take.
std::vector<std::string> attachment_names(const std::vector<MimeParameter>& parameters, std::string_view base);
// The same parameter, or the same section of one, stands there twice.
bool repeats_parameter(const std::vector<MimeParameter>& parameters);

}  // namespace godwit::mail
