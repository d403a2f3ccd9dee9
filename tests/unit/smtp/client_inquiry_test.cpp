// SPDX-License-Identifier: Apache-2.0
// The client asks whether recipients would be taken, without a message.
#include "client_dialogue.hpp"

namespace godwit::smtp {
namespace {

const Script plain_hello = {"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250 mx"};

ClientTransaction inquiry_about(std::size_t recipients) {
  ClientTransaction transaction = to_recipients(recipients);
  transaction.sender.reset();
  transaction.size = 0;
  transaction.inquiry = true;
  return transaction;
}

TEST(ClientInquiry, SendsNoMessage) {
  ClientDialogue dialogue({}, inquiry_about(2));
  const Script question = {"+mail",           "C: MAIL FROM:<>",
                           "S: 250 ok",       "C: RCPT TO:<r0@xyz.example>",
                           "S: 250 ok",       "C: RCPT TO:<r1@xyz.example>",
                           "S: 550 5.1.1 no", "C: RSET",
                           "S: 250 ok"};
  dialogue.play(Script{"+mail"} + plain_hello + Script(question.begin() + 1, question.end()) + question);
  EXPECT_EQ(verdicts(dialogue.results), "df");
  EXPECT_EQ(dialogue.results[0].stage, Stage::rcpt);
  EXPECT_EQ(dialogue.results[1].stage, Stage::rcpt);
  EXPECT_EQ(dialogue.transactions, 2) << "over the same connection";
  EXPECT_EQ(dialogue.bodies, 0);
}

TEST(ClientInquiry, IsPipelinedWithoutDataWhateverTheHostOffers) {
  for (const auto* keyword : {"SIZE 5000", "CHUNKING", "DSN"}) {
    ClientDialogue dialogue({}, inquiry_about(2));
    dialogue.play(Script{"+mail"} +
                  Script{"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250-PIPELINING",
                         std::string("S: 250 ") + keyword} +
                  Script{"C: MAIL FROM:<>", "C: RCPT TO:<r0@xyz.example>", "C: RCPT TO:<r1@xyz.example>", "S: 250 ok",
                         "S: 250 ok", "S: 450 later", "C: RSET", "S: 250 ok"});
    EXPECT_EQ(verdicts(dialogue.results).substr(0, 1), "d") << keyword;
    EXPECT_EQ(dialogue.ready, 1);
  }
}

TEST(ClientInquiry, IsRefusedAtMailByAHostThatTakesNoNullSender) {
  ClientDialogue dialogue({}, inquiry_about(1));
  dialogue.play(Script{"+mail"} + plain_hello + Script{"C: MAIL FROM:<>", "S: 550 5.7.1 no"});
  EXPECT_EQ(verdicts(dialogue.results), "f");
  EXPECT_EQ(dialogue.results[0].stage, Stage::mail);
}

}  // namespace
}  // namespace godwit::smtp
