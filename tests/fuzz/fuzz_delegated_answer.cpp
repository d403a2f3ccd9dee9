// SPDX-License-Identifier: Apache-2.0
// Whatever a policy server made for Postfix answers, what the client is told is one line of SMTP, and what is put above
// the message is fields; and whatever a client said, what the server is asked is one attribute a line.
#include "fuzz/verdict_promises.hpp"
#include "policy/delegation.hpp"

namespace godwit::fuzz {

void fuzz_delegated_answer(std::string_view input) {
  for (const auto utf8 : {smtp::Utf8::refuse, smtp::Utf8::allow})
    check_verdict(policy::delegated_verdict(input, utf8), utf8);
  policy::Facts facts;
  facts.hello.name = facts.account = facts.recipient.local = facts.client_name.name = input;
  facts.sender = smtp::Mailbox{std::string(input), "x.example"};
  const auto asked = policy::delegation_request(facts, policy::Stage::rcpt, "1", "");
  std::string_view rest = asked;
  while (rest.size() > 1) require(take_until(rest, "\n").contains('='));
  require(rest == "\n" && !asked.contains('\0'));
}

}  // namespace godwit::fuzz
