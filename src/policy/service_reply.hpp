// SPDX-License-Identifier: Apache-2.0
// Replies to clients that others have a word in: services that are asked about mail, and their failures.  Pure.
#pragma once

#include <optional>
#include <string_view>

#include "godwit/policy/hook_settings.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::policy {

// What a service wants a client to be told, on one line that fits a reply (RFC 5321 section 4.5.3.1.5).  Control bytes
// become '?', and so does what is beyond US-ASCII where the client may not be told that (RFC 6531 section 3.7.4.1).
smtp::Reply service_reply(int code, smtp::EnhancedCode enhanced, std::string_view text, smtp::Utf8 utf8);

// What is said in the place of one that failed; nothing: it is gone on without it.
std::optional<smtp::Reply> failure_reply(OnFailure on_failure);

}  // namespace godwit::policy
