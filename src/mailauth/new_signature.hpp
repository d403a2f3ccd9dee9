// SPDX-License-Identifier: Apache-2.0
// A signature over a message, for DKIM and for the ARC-Message-Signature.  Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/mailauth/key.hpp"
#include "godwit/mailauth/message_digest.hpp"

namespace godwit::mailauth {

struct NewSignature {
  std::string_view name;  // of the field
  std::string tags;       // what comes before t=, each with its ";"
  Canonical header_form = Canonical::relaxed;
  Canonical body_form = Canonical::relaxed;
  std::vector<std::string> fields;
};

// The whole field with its CRLF.
base::Result<std::string> sign_message(const MessageDigest& message, const NewSignature& wanted, const Key& key,
                                       base::WallTime now);

std::string signature_algorithm(const Key& key);  // "rsa-sha256"

// The names for h=: each of the usual fields that is there, as often as it is; once more where another one put in later
// would mislead its reader.
std::vector<std::string> fields_to_sign(const mail::Header& header);

// Base 64 in lines that a header field may have.
std::string folded_base64(std::string_view bytes);

}  // namespace godwit::mailauth
