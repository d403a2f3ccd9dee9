// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include <fmt/format.h>

#include "godwit/mailauth/dkim.hpp"
#include "new_signature.hpp"

namespace godwit::mailauth {

base::Result<std::string> sign_dkim(const MessageDigest& message, const Key& key, const DkimSigning& signing,
                                    base::WallTime now) {
  if (!message.header().complete() || !message.header().find("From"))
    return base::fail(base::ErrorKind::invalid, "the message has no From, or its header is too large");
  const auto identity = signing.identity.empty() ? std::string() : fmt::format(" i={};", signing.identity);
  return sign_message(message,
                      {.name = "DKIM-Signature",
                       .tags = fmt::format("v=1; a={}; c={}/{};\r\n d={}; s={};{}", signature_algorithm(key),
                                           to_string(signing.header_form), to_string(signing.body_form), signing.domain,
                                           signing.selector, identity),
                       .header_form = signing.header_form,
                       .body_form = signing.body_form,
                       .fields = fields_to_sign(message.header())},
                      key, now);
}

std::string dkim_record(const Key& key) {
  return fmt::format("v=DKIM1; k={}; p={}", to_string(key.kind()), key.public_text());
}

}  // namespace godwit::mailauth
