// SPDX-License-Identifier: Apache-2.0
// What the header of a message or of a body part says of the body that follows (RFC 2045).
#pragma once

#include <string>

#include "godwit/mail/header.hpp"

namespace godwit::mail {

struct MimeType {
  bool declared = false;  // there is a MIME-Version or Content-Type
  std::string type;       // lower case: "text", "multipart"; empty: none is said, or it is no type
  std::string subtype;    // "plain"
  std::string boundary;   // of a multipart; empty: none, so that it has no parts
  std::string encoding;   // Content-Transfer-Encoding, lower case; empty: none
};
MimeType mime_type(const Header& header);

}  // namespace godwit::mail
