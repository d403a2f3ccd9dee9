// SPDX-License-Identifier: Apache-2.0
// Whatever a milter says, in whatever pieces, is understood alike or refused, changes no message but at its end, and
// leaves a header that is one.  Input: the bytes that a milter sends while it is told of one message.
#include "fuzz/milter_talk.hpp"
#include "godwit/mail/header_splitter.hpp"
#include "policy/milter_editing.hpp"

namespace godwit::fuzz {
namespace {

using namespace policy;

std::string play(std::string_view input, std::size_t piece) {
  MilterDialogue dialogue;
  MilterPackets packets;
  std::string heard;
  for (const auto& question : milter_questions())
    if (question(dialogue).answered && !listen(dialogue, packets, input, piece, heard)) return heard + "!";
  MilterEditing editing(mail::EditableHeader("From: a@x\r\nSubject: s\r\n"));
  for (const auto& change : dialogue.take_changes())
    if (!editing.apply(change)) return heard + "-";
  mail::EditableHeader header;
  FilterOutcome outcome;
  editing.finish("m", header, outcome);
  const auto text = header.text();
  mail::HeaderSplitter splitter(text.size() + 16);
  std::string body;
  require(splitter.put(text + "\r\nbody\r\n", body) && splitter.header() == text && body == "body\r\n");
  return heard + text;
}

}  // namespace

void fuzz_milter(std::string_view input) {
  (void)read_alike(input, play);
}

}  // namespace godwit::fuzz
