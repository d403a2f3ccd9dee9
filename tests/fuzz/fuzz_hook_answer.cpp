// SPDX-License-Identifier: Apache-2.0
// Whatever an HTTP hook answers, what the client is told is one line of SMTP, and what is put above the message is
// fields.
#include "fuzz/verdict_promises.hpp"
#include "policy/hook_answer.hpp"

namespace godwit::fuzz {

void fuzz_hook_answer(std::string_view input) {
  for (const auto utf8 : {smtp::Utf8::refuse, smtp::Utf8::allow})
    check_verdict(policy::hook_verdict(input, utf8), utf8);
}

}  // namespace godwit::fuzz
