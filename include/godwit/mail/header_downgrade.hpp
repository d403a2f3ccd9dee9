// SPDX-License-Identifier: Apache-2.0
// Rewrites an internationalized header (RFC 6532) into one of US-ASCII, for hosts without SMTPUTF8: domains in A-labels
// (RFC 5890), words as encoded words (RFC 2047), parameters of MIME fields by RFC 2231.  What cannot be said so, and
// that nobody needs, is encapsulated or left out as in RFC 6857.  Pure; linear in the text.
#pragma once

#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::mail {

// `header`: fields with their CRLF, without the empty line.  Fields without such characters stay as they are.
// Error invalid, for reports: the field and the address that have no form in US-ASCII (a local part).
base::Result<std::string> downgraded_header(std::string_view header);

// Whether a change of the message, on the way, would break a signature that its header tells of: DKIM (RFC 6376), or
// multipart/signed (RFC 1847: S/MIME, OpenPGP).
bool is_signed(std::string_view header);

}  // namespace godwit::mail
