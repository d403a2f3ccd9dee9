// SPDX-License-Identifier: Apache-2.0
// Recipients that get no mail from us for a time (state/suppressions.hpp): asked at RCPT, and before each attempt.
// Const; any thread.
#pragma once

#include <optional>
#include <vector>

#include "godwit/mail/envelope.hpp"
#include "godwit/smtp/reply.hpp"
#include "godwit/state/suppressions.hpp"

namespace godwit::policy {

// What the sender is told of mail to this address; nothing: it may be tried.
std::optional<smtp::Reply> suppression_refusal(const state::Suppressions& list, const smtp::Mailbox& address);

// The same of what one RCPT stands for.  An alias of several is taken: the others get the message.
std::optional<smtp::Reply> suppression_refusal(const state::Suppressions& list,
                                               const std::vector<mail::Recipient>& recipients);

}  // namespace godwit::policy
