// SPDX-License-Identifier: Apache-2.0
// What is answered to who hands in a message: SMTP's words as HTTP.  Pure.
#pragma once

#include <string>
#include <vector>

#include "api.hpp"
#include "godwit/server/submissions.hpp"

namespace godwit::control {

// 202 where somebody was accepted; else by the first of those who may come again later, or the first.
Response submission_answer(const std::vector<smtp::ClientRecipient>& asked, const server::Submitted& submitted);
// Of a message that was taken, though the answer to its request is lost.
std::string accepted_again(base::MessageId id, const std::vector<smtp::Mailbox>& accepted);

Response try_later(unsigned status, std::string_view what, base::Duration wait);

}  // namespace godwit::control
