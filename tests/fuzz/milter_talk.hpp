// SPDX-License-Identifier: Apache-2.0
// How a milter is talked to.
#pragma once

#include <array>
#include <functional>

#include "fuzz/fuzz.hpp"
#include "policy/milter_dialogue.hpp"

namespace godwit::fuzz {

using MilterQuestion = std::function<policy::MilterStep(policy::MilterDialogue&)>;

// What it is asked about one message, in order.
inline std::array<MilterQuestion, 10> milter_questions() {
  using Dialogue = policy::MilterDialogue;
  return {[](Dialogue&) { return Dialogue::negotiate(); },
          [](Dialogue& dialogue) { return dialogue.connect("h", base::Endpoint{}, {}); },
          [](Dialogue& dialogue) { return dialogue.helo("client", {}); },
          [](Dialogue& dialogue) { return dialogue.mail({"<a@x>"}, {}); },
          [](Dialogue& dialogue) { return dialogue.rcpt({"<b@y>"}, {}); },
          [](Dialogue& dialogue) { return dialogue.data({}); },
          [](Dialogue& dialogue) { return dialogue.header("Subject", " s"); },
          [](Dialogue& dialogue) { return dialogue.end_of_header({}); },
          [](Dialogue& dialogue) { return dialogue.body("body\r\n"); },
          [](Dialogue& dialogue) { return dialogue.end_of_message({}); }};
}

// Listens until the question is answered; false: nothing more comes, or it is refused.
inline bool listen(policy::MilterDialogue& dialogue, policy::MilterPackets& packets, std::string_view& rest,
                   std::size_t piece, std::string& heard) {
  for (;;) {
    auto packet = packets.next();
    if (!packet || (!*packet && rest.empty())) return false;
    if (!*packet) {
      packets.put(take(rest, piece));
      continue;
    }
    auto said = dialogue.hear((*packet)->code, (*packet)->data);
    if (!said) return false;
    heard += static_cast<char>('0' + said->index());
    if (std::holds_alternative<policy::MilterVerdict>(*said)) return true;
  }
}

}  // namespace godwit::fuzz
