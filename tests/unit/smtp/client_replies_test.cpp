// SPDX-License-Identifier: Apache-2.0
// Replies out of place, and bytes that come as they like.
#include <algorithm>

#include "transfer_scripts.hpp"

namespace godwit::smtp {
namespace {

using Reason = client_action::Close::Reason;

TEST(ClientReplies, A421CostsTheUndecidedOnly) {
  ClientDialogue dialogue({}, to_recipients(3));
  dialogue.play(Script{"+mail"} + bare_hello +
                Script{mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 550 no",
                       "C: RCPT TO:<r1@xyz.example>", "S: 250 ok", "C: RCPT TO:<r2@xyz.example>", "S: 421 closing"});
  EXPECT_EQ(verdicts(dialogue.results), "fnn");
  EXPECT_EQ(dialogue.closed->reason, Reason::failed);
}

TEST(ClientReplies, RefusedHeloIsFinalOnlyWhenPermanent) {
  const Script until_helo =
      Script{"+mail", "S: 220 mx", "C: EHLO mail.xyz.example", "S: 500 what", "C: HELO mail.xyz.example"};
  ClientDialogue permanent;
  permanent.play(until_helo + Script{"S: 550 no", "C: QUIT", "S: 221 bye"});
  EXPECT_EQ(verdicts(permanent.results), "f");
  for (const auto& end : {Script{"S: 450 no", "C: QUIT"}, Script{"S: 421 no"}, Script{"-close"}, Script{"-time"}}) {
    ClientDialogue dialogue;
    dialogue.play(until_helo + end);
    EXPECT_EQ(verdicts(dialogue.results), "n");
  }
}

TEST(ClientReplies, UnexpectedPositiveRepliesAreFaults) {
  const std::pair<const char*, const char*> wrong[] = {{"S: 220 mx", "S: 250 mx"},
                                                       {"S: 250 2.1.0 Ok", "S: 354 go"},
                                                       {"S: 250 2.1.5 Ok", "S: 354 go"},
                                                       {"S: 354 go", "S: 250 ok"}};
  for (const auto& [right, instead] : wrong) {
    const auto at = std::find(simple.begin(), simple.end(), right);
    ClientDialogue dialogue;
    Script script = Script(simple.begin(), at) + Script{instead};
    if (at == std::find(simple.begin(), simple.end(), "S: 220 mx")) script.emplace_back("C: QUIT");
    dialogue.play(script);
    ASSERT_EQ(verdicts(dialogue.results), "n") << right;
    EXPECT_EQ(dialogue.results[0].why, "unexpected reply");
  }
}

// However TCP cuts the server's bytes, the dialogue is the same.
TEST(ClientReplies, DialoguesAreTheSameCutAtEveryByte) {
  struct Case {
    ClientSettings settings;
    std::size_t recipients;
    Script script;
    std::string expected;
  };
  ClientSettings relay;
  relay.user = "relay";
  relay.password = "secret";
  const Case cases[] = {
      {{}, 1, simple, "d"},
      {{},
       2,
       Script{"+mail"} + hello_pipelining + Script{mail_from} + rcpt_both +
           Script{"C: DATA", "S: 250 ok", "S: 250-ok", "S: 250 ok", "S: 550 no", "S: 354 go", "+body", "S: 250 ok"},
       "df"},
      {lmtp(), 3, lmtp_until_body + Script{"S: 250 ok", "S: 452 4.2.2 full"}, "drf"},
      {relay, 1,
       Script{"+mail",
              "S: 220 mx",
              "C: EHLO mail.xyz.example",
              "S: 250-mx",
              "S: 250 STARTTLS",
              "C: STARTTLS",
              "S: 220 go",
              "+tls",
              "C: EHLO mail.xyz.example",
              "S: 250-mx",
              "S: 250 AUTH PLAIN",
              "C: AUTH PLAIN AHJlbGF5AHNlY3JldA==",
              "S: 235 ok",
              mail_from,
              "S: 250 ok",
              "C: RCPT TO:<r0@xyz.example>",
              "S: 250 ok",
              "C: DATA",
              "S: 354 go",
              "+body",
              "S: 451 later"},
       "r"},
  };
  for (const auto& one : cases) {
    std::size_t bytes = 0;
    for (const auto& line : one.script)
      if (line.starts_with("S: ")) bytes += line.size() - 1;
    for (std::size_t cut = 0; cut <= bytes; ++cut) {
      SCOPED_TRACE(cut);
      ClientDialogue dialogue(one.settings, to_recipients(one.recipients));
      dialogue.play(one.script, cut);
      ASSERT_EQ(verdicts(dialogue.results), one.expected);
      ASSERT_FALSE(dialogue.closed);
    }
  }
}

}  // namespace
}  // namespace godwit::smtp
