// SPDX-License-Identifier: Apache-2.0
// How the body goes: DATA or BDAT, as it is or recoded; and the final dot.
#include "transfer_scripts.hpp"

namespace godwit::smtp {
namespace {

using Reason = client_action::Close::Reason;

ClientTransaction of_type(BodyType type) {
  auto transaction = to_recipients(2);
  transaction.body = type;
  return transaction;
}

TEST(ClientBody, BinaryMimeGoesInOneChunk) {
  ClientDialogue dialogue({}, of_type(BodyType::binary_mime));
  dialogue.play(Script{"+mail"} + offering("BINARYMIME", "CHUNKING", "SIZE") +
                Script{mail_from + " SIZE=1000 BODY=BINARYMIME", "S: 250 ok", "C: RCPT TO:<r0@xyz.example>",
                       "S: 550 no", "C: RCPT TO:<r1@xyz.example>", "S: 250 ok", "C: BDAT 1000 LAST", "+body",
                       "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "fd");
  EXPECT_TRUE(dialogue.body->raw);
  EXPECT_FALSE(dialogue.body->recoded_to);
}

TEST(ClientBody, NoChunkGoesOutForNobody) {
  ClientDialogue dialogue({}, of_type(BodyType::binary_mime));
  dialogue.play(Script{"+mail"} + offering("BINARYMIME", "CHUNKING", "PIPELINING") +
                Script{mail_from + " BODY=BINARYMIME", "C: RCPT TO:<r0@xyz.example>", "C: RCPT TO:<r1@xyz.example>",
                       "S: 250 ok", "S: 550 no", "S: 450 later", "C: RSET", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "fn");
}

TEST(ClientBody, BodiesAreRecodedForPeersThatTakeLess) {
  const auto recoded = [](BodyType type, const Script& offered, const std::string& parameters) {
    ClientDialogue dialogue({}, of_type(type));
    dialogue.play(Script{"+mail"} + offered +
                  Script{mail_from + parameters, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok",
                         "C: RCPT TO:<r1@xyz.example>", "S: 250 ok", "C: DATA", "S: 354 go", "+body", "S: 250 ok"});
    EXPECT_FALSE(dialogue.body->raw);
    return dialogue.body->recoded_to;
  };
  EXPECT_EQ(recoded(BodyType::eight_bit_mime, offering("SIZE"), ""), BodyType::seven_bit);
  EXPECT_EQ(recoded(BodyType::binary_mime, offering("SIZE", "CHUNKING"), ""), BodyType::seven_bit);
  EXPECT_EQ(recoded(BodyType::binary_mime, offering("SIZE", "8BITMIME", "BINARYMIME"), " BODY=8BITMIME"),
            BodyType::eight_bit_mime);
  EXPECT_EQ(recoded(BodyType::eight_bit_mime, offering("SIZE", "8BITMIME"), " SIZE=1000 BODY=8BITMIME"), std::nullopt);
  EXPECT_EQ(recoded(BodyType::seven_bit, offering("SIZE"), " SIZE=1000"), std::nullopt);
}

TEST(ClientBody, BodiesStayAsTheyAreWhereThatIsAsked) {
  for (const auto type : {BodyType::eight_bit_mime, BodyType::binary_mime}) {
    auto transaction = of_type(type);
    transaction.conversion = ClientTransaction::Conversion::refuse;
    ClientDialogue dialogue({}, transaction);
    dialogue.play(Script{"+mail"} + bare_hello);
    EXPECT_EQ(verdicts(dialogue.results), "ll");
    EXPECT_EQ(dialogue.ready, 1) << "the connection is good for another message";
  }
}

TEST(ClientBody, ChunksAreUsedWhereOffered) {
  ClientDialogue dialogue;
  dialogue.play(Script{"+mail"} + offering("CHUNKING") +
                Script{mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: BDAT 1000 LAST", "+body",
                       "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "d");
  EXPECT_TRUE(dialogue.body->raw);
  ClientSettings settings;
  settings.chunking = false;
  ClientDialogue without(settings);
  without.play(Script{"+mail"} + offering("CHUNKING") +
               Script{mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: DATA"});
}

TEST(ClientBody, WhatCannotBeRecodedFailsForGood) {
  ClientDialogue dialogue({}, of_type(BodyType::binary_mime));
  dialogue.play(Script{"+mail"} + bare_hello +
                Script{mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok",
                       "C: RCPT TO:<r1@xyz.example>", "S: 250 ok", "C: DATA", "S: 354 go"});
  dialogue.feed(client_event::BodyFailed{"no", true});
  EXPECT_EQ(verdicts(dialogue.results), "ff");
  EXPECT_EQ(dialogue.results[0].enhanced, (EnhancedCode{5, 6, 1}));
}

TEST(ClientBody, BodyAndFinalDotHaveTheDataDeadline) {
  ClientDialogue dialogue;
  dialogue.play(until_body);
  EXPECT_EQ(dialogue.session().stage(), Stage::body);
  dialogue.play({"+body"});
  EXPECT_EQ(dialogue.read->deadline, std::chrono::minutes(10));
  EXPECT_EQ(dialogue.session().stage(), Stage::final_dot);
}

TEST(ClientBody, AReplyBeforeTheFinalDotIsNotBelievedWhenItIsPositive) {
  ClientDialogue dialogue;
  dialogue.play(until_body + Script{"S: 250 queued already", "+body"});
  EXPECT_EQ(verdicts(dialogue.results), "r");
  EXPECT_EQ(dialogue.closed->reason, Reason::failed);
  ClientDialogue together;
  together.play(Script(until_body.begin(), until_body.end() - 1) + Script{"S: 354 go", "S: 250 queued", "+body"});
  EXPECT_EQ(verdicts(together.results), "r");
}

TEST(ClientBody, ARefusalInTheMiddleOfTheBodyCounts) {
  ClientDialogue stays;
  stays.play(until_body + Script{"S: 552 5.3.4 too big", "+body"});
  EXPECT_EQ(verdicts(stays.results), "f");
  EXPECT_EQ(stays.ready, 1);
  ClientDialogue hangs_up;
  hangs_up.play(until_body + Script{"S: 552 5.3.4 too big", "-close"});
  EXPECT_EQ(verdicts(hangs_up.results), "f");
  ClientDialogue temporary;
  temporary.play(until_body + Script{"S: 452 4.3.1 disk full", "-close"});
  EXPECT_EQ(verdicts(temporary.results), "n");
}

TEST(ClientBody, LossInTheBodyMayTryTheNextHost) {
  for (const char* loss : {"-close", "-time"}) {
    ClientDialogue dialogue;
    dialogue.play(until_body + Script{loss});
    EXPECT_EQ(verdicts(dialogue.results), "n");
    EXPECT_EQ(dialogue.results[0].stage, Stage::body);
  }
}

TEST(ClientBody, UnreadableBodyDropsTheConnectionAndWaits) {
  ClientDialogue dialogue;
  dialogue.play(until_body + Script{"-body"});
  ASSERT_EQ(verdicts(dialogue.results), "r") << "another host would not help";
  EXPECT_EQ(dialogue.results[0].why, "read error");
  EXPECT_TRUE(dialogue.closed);
}

}  // namespace
}  // namespace godwit::smtp
