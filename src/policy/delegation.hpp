// SPDX-License-Identifier: Apache-2.0
// The words in which Postfix asks a policy server (SMTPD_POLICY_README): attributes a line each, an empty line at the
// end; the answer is one attribute, "action=...", in the words of access(5).  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "godwit/policy/check.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::policy {

inline constexpr std::size_t longest_delegated_answer = 8U << 10U;

// instance: the same for all that is asked about one message.
std::string delegation_request(const Facts& facts, Stage stage, std::string_view instance, std::string_view context);

// answer: its lines, with or without the empty one.  A failure where it is none, or one that we do not follow
// (REDIRECT, FILTER, BCC ...).  utf8: whether the client may be told text beyond US-ASCII.
Verdict delegated_verdict(std::string_view answer, smtp::Utf8 utf8);

}  // namespace godwit::policy
