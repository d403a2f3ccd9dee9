// SPDX-License-Identifier: Apache-2.0
// Whatever a milter says, in whatever pieces, is understood alike or refused, changes no message but at its end, and
// leaves a header that is one.  Input: the bytes that a milter sends while it is told of one message.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "godwit/mail/header_splitter.hpp"
#include "policy/milter_dialogue.hpp"
#include "policy/milter_editing.hpp"

using namespace godwit;
using policy::MilterDialogue;
using policy::MilterPackets;
using policy::MilterVerdict;

namespace {

// What a milter is asked, in order.
policy::MilterStep question(MilterDialogue& dialogue, std::size_t number) {
  switch (number) {
    case 0:
      return MilterDialogue::negotiate();
    case 1:
      return dialogue.connect("h", base::Endpoint{}, {});
    case 2:
      return dialogue.helo("client", {});
    case 3:
      return dialogue.mail({"<a@x>"}, {});
    case 4:
      return dialogue.rcpt({"<b@y>"}, {});
    case 5:
      return dialogue.data({});
    case 6:
      return dialogue.header("Subject", " s");
    case 7:
      return dialogue.end_of_header({});
    case 8:
      return dialogue.body("body\r\n");
    default:
      return dialogue.end_of_message({});
  }
}
constexpr std::size_t questions = 10;

// Listens until the question is answered; false: nothing more comes, or it is refused.
bool listen(MilterDialogue& dialogue, MilterPackets& packets, std::string_view& rest, std::size_t piece,
            std::string& heard) {
  for (;;) {
    auto packet = packets.next();
    if (!packet) return false;
    if (!*packet) {
      if (rest.empty()) return false;
      packets.put(rest.substr(0, piece));
      rest.remove_prefix(std::min(piece, rest.size()));
      continue;
    }
    auto said = dialogue.hear((*packet)->code, (*packet)->data);
    if (!said) return false;
    heard += static_cast<char>('0' + said->index());
    if (std::holds_alternative<MilterVerdict>(*said)) return true;
  }
}

std::string play(std::string_view input, std::size_t piece) {
  MilterDialogue dialogue;
  MilterPackets packets;
  std::string heard;
  for (std::size_t number = 0; number < questions; ++number) {
    const auto step = question(dialogue, number);
    if (step.answered && !listen(dialogue, packets, input, piece, heard)) return heard + "!";
  }
  policy::MilterEditing editing(mail::EditableHeader("From: a@x\r\nSubject: s\r\n"));
  for (const auto& change : dialogue.take_changes()) {
    const bool done = editing.apply(change).has_value();
    heard += done ? "+" : "-";
    if (!done) return heard;
  }
  mail::EditableHeader header;
  policy::FilterOutcome outcome;
  editing.finish("m", header, outcome);
  const auto text = header.text();
  mail::HeaderSplitter splitter(text.size() + 16);
  std::string body;
  if (!splitter.put(text + "\r\nbody\r\n", body) || splitter.header() != text || body != "body\r\n") std::abort();
  return heard + text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto all = play(input, size + 1);
  if (play(input, 1) != all || play(input, 7) != all) std::abort();
  return 0;
}
