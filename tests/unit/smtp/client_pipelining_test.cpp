// SPDX-License-Identifier: Apache-2.0
// Pipelined envelopes, and LMTP.
#include "transfer_scripts.hpp"

namespace godwit::smtp {
namespace {

TEST(ClientPipelining, PipelinesTheWholeEnvelope) {
  ClientDialogue dialogue({}, to_recipients(2));
  dialogue.play(Script{"+mail"} + hello_pipelining + Script{mail_from} + rcpt_both +
                Script{"C: DATA", "S: 250 ok", "S: 250 ok", "S: 550 no", "S: 354 go", "+body", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "df");
}

TEST(ClientPipelining, EndsWithALoneDotWhenDataWasTakenForNobody) {
  ClientDialogue dialogue({}, to_recipients(2));
  dialogue.play(Script{"+mail"} + hello_pipelining + Script{mail_from} + rcpt_both +
                Script{"C: DATA", "S: 250 ok", "S: 550 no", "S: 450 later", "S: 354 go", "C: ."});
  EXPECT_EQ(verdicts(dialogue.results), "fn");
  EXPECT_EQ(dialogue.bodies, 0);
  EXPECT_EQ(dialogue.ready, 0);
  dialogue.play({"S: 250 queued"});
  EXPECT_EQ(verdicts(dialogue.results), "fn") << "an empty message delivers nothing";
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientPipelining, RefusedMailDecidesAlthoughRecipientsAreAnswered) {
  ClientDialogue dialogue({}, to_recipients(2));
  dialogue.play(
      Script{"+mail"} + hello_pipelining + Script{mail_from} + rcpt_both +
      Script{"C: DATA", "S: 451 4.3.0 later", "S: 503 no", "S: 250 odd", "S: 354 odder", "C: .", "S: 554 no"});
  EXPECT_EQ(verdicts(dialogue.results), "nn");
  EXPECT_EQ(dialogue.results[1].reply->code, 451);
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientPipelining, RefusedDataAfterRefusedRecipientsChangesNothing) {
  ClientDialogue dialogue({}, to_recipients(2));
  dialogue.play(
      Script{"+mail"} + hello_pipelining + Script{mail_from} + rcpt_both +
      Script{"C: DATA", "S: 250 ok", "S: 450 no", "S: 450 no", "S: 554 no valid recipients", "C: RSET", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "nn");
}

TEST(ClientPipelining, ManyRecipientsGoInWindows) {
  constexpr std::size_t count = 500;
  ClientDialogue dialogue({}, to_recipients(count));
  Script script = Script{"+mail"} + hello_pipelining + Script{mail_from};
  for (std::size_t i = 0; i < 63; ++i) script.push_back("C: RCPT TO:<r" + std::to_string(i) + "@xyz.example>");
  dialogue.play(script);
  for (std::size_t i = 0; i < count && !dialogue.bodies; ++i) dialogue.feed(client_event::Bytes{"250 ok\r\n"});
  dialogue.feed(client_event::Bytes{"250 ok\r\n354 go\r\n"});
  EXPECT_EQ(dialogue.bodies, 1);
  dialogue.feed(client_event::BodySent{});
  dialogue.feed(client_event::Bytes{"250 ok\r\n"});
  EXPECT_EQ(verdicts(dialogue.results), std::string(count, 'd'));
}

TEST(ClientPipelining, LmtpHasAReplyForEachRecipientTaken) {
  ClientDialogue dialogue(lmtp(), to_recipients(3));
  dialogue.play(lmtp_until_body + Script{"S: 250 ok", "S: 452 4.2.2 full"});
  EXPECT_EQ(verdicts(dialogue.results), "drf");
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientPipelining, LmtpStoreThatDiesBetweenRepliesLeavesTheRest) {
  for (const char* end : {"-close", "-time", "S: 421 dying", "S: what"}) {
    ClientDialogue dialogue(lmtp(), to_recipients(3));
    dialogue.play(lmtp_until_body + Script{"S: 250 ok", end});
    EXPECT_EQ(verdicts(dialogue.results), "drf");
    EXPECT_TRUE(dialogue.closed);
  }
}

}  // namespace
}  // namespace godwit::smtp
