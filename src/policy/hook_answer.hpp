// SPDX-License-Identifier: Apache-2.0
// What an HTTP hook answers, as JSON (docs/http-hook.md, docs/http-hook.schema.json).  Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "godwit/policy/check.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::policy {

inline constexpr std::size_t longest_hook_answer = 64U << 10U;

// A failure where it is none.  utf8: whether the client may be told text beyond US-ASCII.
Verdict hook_verdict(std::string_view answer, smtp::Utf8 utf8);

}  // namespace godwit::policy
