// SPDX-License-Identifier: Apache-2.0
// Transactions of the client, by dialogue.
#include <algorithm>

#include "client_dialogue.hpp"

namespace godwit::smtp {
namespace {

using Reason = client_action::Close::Reason;
using Verdict = RecipientResult::Verdict;

const Script bare_hello = {"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250 mx"};
const Script hello_pipelining = {"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250 PIPELINING"};
const std::string mail = "C: MAIL FROM:<mod@abc.example>";
const Script rcpt_both = {"C: RCPT TO:<r0@xyz.example>", "C: RCPT TO:<r1@xyz.example>"};

template <class... Keywords>
Script offering(const Keywords&... keywords) {
  return {"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250-" + std::string(keywords)..., "S: 250 HELP"};
}

// The whole way of one message to one recipient, without extensions.
const Script simple = Script{"+mail"} + bare_hello +
                      Script{mail,
                             "S: 250 2.1.0 Ok",
                             "C: RCPT TO:<r0@xyz.example>",
                             "S: 250 2.1.5 Ok",
                             "C: DATA",
                             "S: 354 go",
                             "+body",
                             "S: 250 2.0.0 Ok: queued as 06ZQ3W8K1M4TR"};

TEST(ClientTransfer, DeliversWithoutExtensions) {
  ClientDialogue dialogue;
  dialogue.play(simple);
  ASSERT_EQ(verdicts(dialogue.results), "d");
  EXPECT_EQ(dialogue.results[0].stage, Stage::final_dot);
  EXPECT_EQ(to_line(*dialogue.results[0].reply), "250 2.0.0 Ok: queued as 06ZQ3W8K1M4TR");
  EXPECT_EQ(dialogue.bodies, 1);
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientTransfer, UsesTheConnectionAgain) {
  ClientDialogue dialogue;
  const Script again = {"+mail",     mail,    "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: DATA",
                        "S: 354 go", "+body", "S: 250 ok"};
  dialogue.play(simple + again + again + Script{"+quit", "C: QUIT", "S: 221 bye"});
  EXPECT_EQ(dialogue.transactions, 3);
  EXPECT_EQ(dialogue.closed->reason, Reason::quit);
}

TEST(ClientTransfer, NamesSizeAndBodyWhereOffered) {
  ClientTransaction transaction = to_recipients(1);
  transaction.body = BodyType::eight_bit_mime;
  ClientDialogue size;
  size.play(Script{"+mail"} + offering("SIZE 5000") + Script{"C: MAIL FROM:<mod@abc.example> SIZE=1000"});
  ClientDialogue body({}, transaction);
  body.play(Script{"+mail"} + offering("8BITMIME") + Script{"C: MAIL FROM:<mod@abc.example> BODY=8BITMIME"});
  ClientDialogue seven;
  seven.play(Script{"+mail"} + offering("8BITMIME") + Script{mail});
}

ClientTransaction asking_for_reports() {
  ClientTransaction transaction = to_recipients(2);
  transaction.ret = return_headers;
  transaction.envid = "QQ 3+14=";
  transaction.recipients[0].parameters = {notify_success | notify_delay, "rfc822;a=b@abc.example"};
  transaction.recipients[1].parameters = {notify_never, ""};
  return transaction;
}

TEST(ClientTransfer, PassesOnWhatWasAskedOfReportsWhereDsnIsOffered) {
  ClientDialogue dialogue({}, asking_for_reports());
  dialogue.play(Script{"+mail"} + offering("DSN") +
                Script{mail + " RET=HDRS ENVID=QQ+203+2B14+3D", "S: 250 ok",
                       "C: RCPT TO:<r0@xyz.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+3Db@abc.example", "S: 250 ok",
                       "C: RCPT TO:<r1@xyz.example> NOTIFY=NEVER"});
  ClientDialogue silent({}, to_recipients(1));
  silent.play(Script{"+mail"} + offering("DSN") + Script{mail, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>"});
}

TEST(ClientTransfer, KeepsWhatWasAskedOfReportsFromAPeerWithoutDsn) {
  ClientDialogue dialogue({}, asking_for_reports());
  dialogue.play(Script{"+mail"} + offering("PIPELINING") +
                Script{mail, "C: RCPT TO:<r0@xyz.example>", "C: RCPT TO:<r1@xyz.example>", "C: DATA"});
}

TEST(ClientTransfer, SendsTheNullSender) {
  ClientTransaction transaction = to_recipients(1);
  transaction.sender.reset();
  ClientDialogue dialogue({}, transaction);
  dialogue.play(Script{"+mail"} + bare_hello + Script{"C: MAIL FROM:<>"});
}

TEST(ClientTransfer, MessageAboveThePeersSizeFailsWithoutAWord) {
  ClientDialogue dialogue;
  dialogue.play(Script{"+mail"} + offering("SIZE 999"));
  ASSERT_EQ(verdicts(dialogue.results), "f");
  EXPECT_FALSE(dialogue.results[0].reply);
  EXPECT_EQ(dialogue.results[0].enhanced, (EnhancedCode{5, 3, 4}));
  EXPECT_EQ(dialogue.results[0].why, "message size 1000 exceeds the size limit 999 of the host");
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientTransfer, SizeZeroIsNoLimit) {
  ClientDialogue dialogue;
  dialogue.play(Script{"+mail"} + offering("SIZE 0") + Script{"C: MAIL FROM:<mod@abc.example> SIZE=1000"});
}

TEST(ClientTransfer, AddressThatThePeerCannotTakeIsAloneInThat) {
  ClientTransaction transaction = to_recipients(2);
  transaction.recipients[0].address.local = "j\xc3\xbcrgen";
  ClientDialogue plain({}, transaction);
  plain.play(Script{"+mail"} + bare_hello +
             Script{mail, "S: 250 ok", "C: RCPT TO:<r1@xyz.example>", "S: 250 ok", "C: DATA", "S: 354 go", "+body",
                    "S: 250 ok"});
  EXPECT_EQ(verdicts(plain.results), "ld");
  EXPECT_EQ(plain.results[0].why,
            "the address j\xc3\xbcrgen@xyz.example needs SMTPUTF8, which this host does not offer");
  ClientDialogue utf8({}, transaction);
  utf8.play(Script{"+mail"} + offering("SMTPUTF8") + Script{mail + " SMTPUTF8"});
}

TEST(ClientTransfer, AMessageThatNeedsSmtputf8IsChangedOnlyWhereThatIsAllowed) {
  ClientTransaction transaction = to_recipients(1);
  transaction.smtputf8 = true;
  ClientDialogue utf8({}, transaction);
  utf8.play(Script{"+mail"} + offering("SMTPUTF8") + Script{mail + " SMTPUTF8"});
  const Script rest = {"S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: DATA", "S: 354 go"};
  ClientDialogue changed({}, transaction);
  changed.play(Script{"+mail"} + offering("8BITMIME", "SIZE", "CHUNKING") + Script{mail + " BODY=8BITMIME"} + rest);
  EXPECT_TRUE(changed.body->downgraded);
  EXPECT_EQ(changed.body->recoded_to, BodyType::eight_bit_mime);
  ClientDialogue of_1982({}, transaction);
  of_1982.play(Script{"+mail"} + bare_hello + Script{mail} + rest);
  EXPECT_EQ(of_1982.body->recoded_to, BodyType::seven_bit);
  transaction.conversion = ClientTransaction::Conversion::refuse;
  ClientDialogue refused({}, transaction);
  refused.play(Script{"+mail"} + bare_hello);
  ASSERT_EQ(verdicts(refused.results), "l");
  EXPECT_EQ(refused.results[0].enhanced, (EnhancedCode{5, 6, 7}));
  EXPECT_EQ(refused.ready, 1);
}

TEST(ClientTransfer, TheTimeToDeliverByGoesToHostsThatKeepIt) {
  ClientTransaction transaction = to_recipients(1);
  transaction.deliver_by = DeliverBy{std::chrono::seconds(90), DeliverBy::Mode::give_back, true};
  ClientDialogue keeps({}, transaction);
  keeps.play(Script{"+mail"} + offering("DELIVERBY 30") + Script{mail + " BY=90;RT"});
  ClientDialogue does_not({}, transaction);
  does_not.play(Script{"+mail"} + bare_hello);
  ASSERT_EQ(verdicts(does_not.results), "l");
  EXPECT_EQ(does_not.results[0].enhanced, (EnhancedCode{5, 3, 3}));
  transaction.deliver_by->mode = DeliverBy::Mode::notify;
  ClientDialogue notified({}, transaction);
  notified.play(Script{"+mail"} + bare_hello + Script{mail});
}

TEST(ClientTransfer, ThePriorityGoesToHostsThatOfferIt) {
  ClientTransaction transaction = to_recipients(1);
  transaction.priority = -3;
  ClientDialogue dialogue({}, transaction);
  dialogue.play(Script{"+mail"} + offering("MT-PRIORITY STANAG4406") + Script{mail + " MT-PRIORITY=-3"});
  ClientDialogue plain({}, transaction);
  plain.play(Script{"+mail"} + bare_hello + Script{mail});
}

Script under_tls(const std::string& keyword) {
  return Script{"+mail"} + offering("STARTTLS", keyword) + Script{"C: STARTTLS", "S: 220 go", "+tls"} +
         Script{"C: EHLO mail.xyz.example", "S: 250-mx", "S: 250 " + keyword};
}

TEST(ClientTransfer, RequiredTlsIsPassedOnToHostsThatPromiseIt) {
  ClientTransaction transaction = to_recipients(1);
  transaction.require_tls = true;
  ClientDialogue promised({}, transaction);
  promised.play(under_tls("REQUIRETLS") + Script{mail + " REQUIRETLS"});
  ClientDialogue lacking({}, transaction);
  lacking.play(under_tls("HELP"));
  ASSERT_EQ(verdicts(lacking.results), "h");
  EXPECT_EQ(lacking.results[0].enhanced, (EnhancedCode{5, 7, 30}));
  EXPECT_EQ(lacking.ready, 1) << "others may use the connection";
  transaction.require_tls = false;
  ClientDialogue usual({}, transaction);
  usual.play(under_tls("REQUIRETLS") + Script{mail});
}

TEST(ClientTransfer, APromiseInTheClearIsNone) {
  ClientTransaction transaction = to_recipients(1);
  transaction.require_tls = true;
  ClientDialogue dialogue({}, transaction);
  dialogue.play(Script{"+mail"} + offering("REQUIRETLS"));
  EXPECT_EQ(verdicts(dialogue.results), "h");
}

// RFC 8689 section 5.
TEST(ClientTransfer, AReportGoesAlsoToHostsThatPromiseNothing) {
  ClientTransaction transaction = to_recipients(1);
  transaction.require_tls = true;
  transaction.sender.reset();
  ClientDialogue promised({}, transaction);
  promised.play(under_tls("REQUIRETLS") + Script{"C: MAIL FROM:<> REQUIRETLS"});
  ClientDialogue lacking({}, transaction);
  lacking.play(under_tls("HELP") + Script{"C: MAIL FROM:<>"});
  ClientDialogue clear({}, transaction);
  clear.play(Script{"+mail"} + offering("REQUIRETLS") + Script{"C: MAIL FROM:<>"});
}

TEST(ClientTransfer, AStoreNeedNotPromiseAnything) {
  ClientTransaction transaction = to_recipients(1);
  transaction.require_tls = true;
  ClientSettings settings;
  settings.protocol = ClientProtocol::lmtp;
  ClientDialogue dialogue(settings, transaction);
  dialogue.play({"+mail", "S: 220 store", "C: LHLO mail.xyz.example", "S: 250 store", mail});
}

TEST(ClientTransfer, RecipientsBeyondThePeersLimitWaitForTheNextTransaction) {
  ClientDialogue dialogue({}, to_recipients(3));
  dialogue.play(Script{"+mail"} + offering("LIMITS MAILMAX=5 rcptmax=2 NEW=1") +
                Script{mail, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: RCPT TO:<r1@xyz.example>",
                       "S: 250 ok", "C: DATA", "S: 354 go", "+body", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "dda");
  EXPECT_EQ(dialogue.session().capabilities().most_messages, 5U);
}

TEST(ClientTransfer, NoMoreDomainsThanTheHostTakesAtOnceAreNamed) {
  const auto to_domains = [] {
    ClientTransaction transaction = to_recipients(4);
    transaction.recipients[1].address.domain = "other.example";
    transaction.recipients[3].address.domain = "XYZ.example";
    return transaction;
  };
  ClientDialogue dialogue({}, to_domains());
  dialogue.play(Script{"+mail"} + offering("LIMITS RCPTDOMAINMAX=1") +
                Script{mail, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: RCPT TO:<r2@xyz.example>",
                       "S: 250 ok", "C: RCPT TO:<r3@XYZ.example>", "S: 250 ok", "C: DATA", "S: 354 go", "+body",
                       "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "dadd");
}

TEST(ClientTransfer, WhoIsOneTooManyWaitsForTheNextTransaction) {
  const auto too_many = [](const std::string& reply) {
    ClientDialogue dialogue({}, to_recipients(2));
    dialogue.play(Script{"+mail"} + bare_hello +
                  Script{mail, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: RCPT TO:<r1@xyz.example>",
                         "S: " + reply, "C: DATA", "S: 354 go", "+body", "S: 250 ok"});
    return verdicts(dialogue.results);
  };
  EXPECT_EQ(too_many("452 4.5.3 Too many recipients"), "da");
  EXPECT_EQ(too_many("452 too many"), "da");
  EXPECT_EQ(too_many("552 too many"), "da");
  EXPECT_EQ(too_many("452 4.2.2 Mailbox full"), "dn");
  EXPECT_EQ(too_many("552 5.2.2 Mailbox full"), "dn");
}

TEST(ClientTransfer, AHostThatTakesNobodyHasNotTooMany) {
  ClientDialogue dialogue({}, to_recipients(1));
  dialogue.play(Script{"+mail"} + bare_hello +
                Script{mail, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 452 4.5.3 Too many", "C: RSET"});
  EXPECT_EQ(verdicts(dialogue.results), "n");
}

TEST(ClientTransfer, NoAddressCanSmuggleACommand) {
  ClientTransaction transaction = to_recipients(1);
  transaction.recipients[0].address.local = "a\r\nDATA\r\n";
  ClientDialogue dialogue({}, transaction);
  dialogue.play(Script{"+mail"} + bare_hello);
  EXPECT_EQ(verdicts(dialogue.results), "f");
}

TEST(ClientTransfer, GoesOnWhenSomeRecipientsAreRefused) {
  ClientDialogue dialogue({}, to_recipients(4));
  dialogue.play(Script{"+mail"} + bare_hello +
                Script{mail, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 550 5.1.1 unknown",
                       "C: RCPT TO:<r1@xyz.example>", "S: 451 4.7.1 greylisted", "C: RCPT TO:<r2@xyz.example>",
                       "S: 552 5.2.2 full", "C: RCPT TO:<r3@xyz.example>", "S: 250 ok", "C: DATA", "S: 354 go", "+body",
                       "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "fnnd");
  EXPECT_EQ(dialogue.results[0].reply->enhanced, (EnhancedCode{5, 1, 1}));
  EXPECT_EQ(dialogue.results[0].stage, Stage::rcpt);
}

TEST(ClientTransfer, WithoutAnyRecipientItResetsAndCanGoOn) {
  ClientDialogue dialogue({}, to_recipients(2));
  dialogue.play(Script{"+mail"} + bare_hello +
                Script{mail, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 550 no", "C: RCPT TO:<r1@xyz.example>",
                       "S: 450 later", "C: RSET"});
  EXPECT_EQ(verdicts(dialogue.results), "fn");
  EXPECT_EQ(dialogue.read->deadline, std::chrono::seconds(5));
  EXPECT_EQ(dialogue.ready, 0);
  dialogue.play({"S: 250 ok"});
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientTransfer, RefusedMailNeedsNoReset) {
  ClientDialogue dialogue;
  dialogue.play(Script{"+mail"} + bare_hello + Script{mail, "S: 550 5.7.1 go away"});
  EXPECT_EQ(verdicts(dialogue.results), "f");
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientTransfer, RefusedDataResets) {
  ClientDialogue dialogue;
  dialogue.play(Script{"+mail"} + bare_hello +
                Script{mail, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: DATA", "S: 554 5.5.1 no",
                       "C: RSET", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "f");
  EXPECT_EQ(dialogue.ready, 1);
}

// ---- types of bodies

ClientTransaction of_type(BodyType type) {
  auto transaction = to_recipients(2);
  transaction.body = type;
  return transaction;
}

TEST(ClientTransfer, BinaryMimeGoesInOneChunk) {
  ClientDialogue dialogue({}, of_type(BodyType::binary_mime));
  dialogue.play(Script{"+mail"} + offering("BINARYMIME", "CHUNKING", "SIZE") +
                Script{mail + " SIZE=1000 BODY=BINARYMIME", "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 550 no",
                       "C: RCPT TO:<r1@xyz.example>", "S: 250 ok", "C: BDAT 1000 LAST", "+body", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "fd");
  EXPECT_TRUE(dialogue.body->raw);
  EXPECT_FALSE(dialogue.body->recoded_to);
}

TEST(ClientTransfer, NoChunkGoesOutForNobody) {
  ClientDialogue dialogue({}, of_type(BodyType::binary_mime));
  dialogue.play(Script{"+mail"} + offering("BINARYMIME", "CHUNKING", "PIPELINING") +
                Script{mail + " BODY=BINARYMIME", "C: RCPT TO:<r0@xyz.example>", "C: RCPT TO:<r1@xyz.example>",
                       "S: 250 ok", "S: 550 no", "S: 450 later", "C: RSET", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "fn");
}

TEST(ClientTransfer, BodiesAreRecodedForPeersThatTakeLess) {
  const auto recoded = [](BodyType type, const Script& offered, const std::string& parameters) {
    ClientDialogue dialogue({}, of_type(type));
    dialogue.play(Script{"+mail"} + offered +
                  Script{mail + parameters, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok",
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

TEST(ClientTransfer, BodiesStayAsTheyAreWhereThatIsAsked) {
  for (const auto type : {BodyType::eight_bit_mime, BodyType::binary_mime}) {
    auto transaction = of_type(type);
    transaction.conversion = ClientTransaction::Conversion::refuse;
    ClientDialogue dialogue({}, transaction);
    dialogue.play(Script{"+mail"} + bare_hello);
    EXPECT_EQ(verdicts(dialogue.results), "ll");
    EXPECT_EQ(dialogue.ready, 1) << "the connection is good for another message";
  }
}

TEST(ClientTransfer, ChunksAreUsedWhereOffered) {
  ClientDialogue dialogue;
  dialogue.play(
      Script{"+mail"} + offering("CHUNKING") +
      Script{mail, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: BDAT 1000 LAST", "+body", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "d");
  EXPECT_TRUE(dialogue.body->raw);
  ClientSettings settings;
  settings.chunking = false;
  ClientDialogue without(settings);
  without.play(Script{"+mail"} + offering("CHUNKING") +
               Script{mail, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: DATA"});
}

TEST(ClientTransfer, WhatCannotBeRecodedFailsForGood) {
  ClientDialogue dialogue({}, of_type(BodyType::binary_mime));
  dialogue.play(Script{"+mail"} + bare_hello +
                Script{mail, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: RCPT TO:<r1@xyz.example>",
                       "S: 250 ok", "C: DATA", "S: 354 go"});
  dialogue.feed(client_event::BodyFailed{"no", true});
  EXPECT_EQ(verdicts(dialogue.results), "ff");
  EXPECT_EQ(dialogue.results[0].enhanced, (EnhancedCode{5, 6, 1}));
}

// ---- pipelining
// -------------------------------------------------------------------------------------------------------

TEST(ClientTransfer, PipelinesTheWholeEnvelope) {
  ClientDialogue dialogue({}, to_recipients(2));
  dialogue.play(Script{"+mail"} + hello_pipelining + Script{mail} + rcpt_both +
                Script{"C: DATA", "S: 250 ok", "S: 250 ok", "S: 550 no", "S: 354 go", "+body", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "df");
}

TEST(ClientTransfer, EndsWithALoneDotWhenDataWasTakenForNobody) {
  ClientDialogue dialogue({}, to_recipients(2));
  dialogue.play(Script{"+mail"} + hello_pipelining + Script{mail} + rcpt_both +
                Script{"C: DATA", "S: 250 ok", "S: 550 no", "S: 450 later", "S: 354 go", "C: ."});
  EXPECT_EQ(verdicts(dialogue.results), "fn");
  EXPECT_EQ(dialogue.bodies, 0);
  EXPECT_EQ(dialogue.ready, 0);
  dialogue.play({"S: 250 queued"});
  EXPECT_EQ(verdicts(dialogue.results), "fn") << "an empty message delivers nothing";
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientTransfer, RefusedMailDecidesAlthoughRecipientsAreAnswered) {
  ClientDialogue dialogue({}, to_recipients(2));
  dialogue.play(
      Script{"+mail"} + hello_pipelining + Script{mail} + rcpt_both +
      Script{"C: DATA", "S: 451 4.3.0 later", "S: 503 no", "S: 250 odd", "S: 354 odder", "C: .", "S: 554 no"});
  EXPECT_EQ(verdicts(dialogue.results), "nn");
  EXPECT_EQ(dialogue.results[1].reply->code, 451);
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientTransfer, RefusedDataAfterRefusedRecipientsChangesNothing) {
  ClientDialogue dialogue({}, to_recipients(2));
  dialogue.play(
      Script{"+mail"} + hello_pipelining + Script{mail} + rcpt_both +
      Script{"C: DATA", "S: 250 ok", "S: 450 no", "S: 450 no", "S: 554 no valid recipients", "C: RSET", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "nn");
}

TEST(ClientTransfer, ManyRecipientsGoInWindows) {
  constexpr std::size_t count = 500;
  ClientDialogue dialogue({}, to_recipients(count));
  Script script = Script{"+mail"} + hello_pipelining + Script{mail};
  for (std::size_t i = 0; i < 63; ++i) script.push_back("C: RCPT TO:<r" + std::to_string(i) + "@xyz.example>");
  dialogue.play(script);
  for (std::size_t i = 0; i < count && !dialogue.bodies; ++i) dialogue.feed(client_event::Bytes{"250 ok\r\n"});
  dialogue.feed(client_event::Bytes{"250 ok\r\n354 go\r\n"});
  EXPECT_EQ(dialogue.bodies, 1);
  dialogue.feed(client_event::BodySent{});
  dialogue.feed(client_event::Bytes{"250 ok\r\n"});
  EXPECT_EQ(verdicts(dialogue.results), std::string(count, 'd'));
}

// ---- the body and the final dot
// ---------------------------------------------------------------------------------------

const Script until_body(simple.begin(), simple.end() - 2);

TEST(ClientTransfer, BodyAndFinalDotHaveTheDataDeadline) {
  ClientDialogue dialogue;
  dialogue.play(until_body);
  EXPECT_EQ(dialogue.session().stage(), Stage::body);
  dialogue.play({"+body"});
  EXPECT_EQ(dialogue.read->deadline, std::chrono::minutes(10));
  EXPECT_EQ(dialogue.session().stage(), Stage::final_dot);
}

TEST(ClientTransfer, AReplyBeforeTheFinalDotIsNotBelievedWhenItIsPositive) {
  ClientDialogue dialogue;
  dialogue.play(until_body + Script{"S: 250 queued already", "+body"});
  EXPECT_EQ(verdicts(dialogue.results), "r");
  EXPECT_EQ(dialogue.closed->reason, Reason::failed);
  ClientDialogue together;
  together.play(Script(until_body.begin(), until_body.end() - 1) + Script{"S: 354 go", "S: 250 queued", "+body"});
  EXPECT_EQ(verdicts(together.results), "r");
}

TEST(ClientTransfer, ARefusalInTheMiddleOfTheBodyCounts) {
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

TEST(ClientTransfer, LossInTheBodyMayTryTheNextHost) {
  for (const char* loss : {"-close", "-time"}) {
    ClientDialogue dialogue;
    dialogue.play(until_body + Script{loss});
    EXPECT_EQ(verdicts(dialogue.results), "n");
    EXPECT_EQ(dialogue.results[0].stage, Stage::body);
  }
}

TEST(ClientTransfer, UnreadableBodyDropsTheConnectionAndWaits) {
  ClientDialogue dialogue;
  dialogue.play(until_body + Script{"-body"});
  ASSERT_EQ(verdicts(dialogue.results), "r") << "another host would not help";
  EXPECT_EQ(dialogue.results[0].why, "read error");
  EXPECT_TRUE(dialogue.closed);
}

TEST(ClientTransfer, A421CostsTheUndecidedOnly) {
  ClientDialogue dialogue({}, to_recipients(3));
  dialogue.play(Script{"+mail"} + bare_hello +
                Script{mail, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 550 no", "C: RCPT TO:<r1@xyz.example>",
                       "S: 250 ok", "C: RCPT TO:<r2@xyz.example>", "S: 421 closing"});
  EXPECT_EQ(verdicts(dialogue.results), "fnn");
  EXPECT_EQ(dialogue.closed->reason, Reason::failed);
}

// ---- LMTP
// -------------------------------------------------------------------------------------------------------------

ClientSettings lmtp() {
  ClientSettings settings;
  settings.protocol = ClientProtocol::lmtp;
  return settings;
}

const Script lmtp_until_body =
    Script{"+mail", "S: 220 store", "C: LHLO mail.xyz.example", "S: 250-store", "S: 250 PIPELINING", mail} + rcpt_both +
    Script{"C: RCPT TO:<r2@xyz.example>",
           "C: DATA",
           "S: 250 ok",
           "S: 250 ok",
           "S: 250 ok",
           "S: 550 no",
           "S: 354 go",
           "+body"};

TEST(ClientTransfer, LmtpHasAReplyForEachRecipientTaken) {
  ClientDialogue dialogue(lmtp(), to_recipients(3));
  dialogue.play(lmtp_until_body + Script{"S: 250 ok", "S: 452 4.2.2 full"});
  EXPECT_EQ(verdicts(dialogue.results), "drf");
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientTransfer, LmtpStoreThatDiesBetweenRepliesLeavesTheRest) {
  for (const char* end : {"-close", "-time", "S: 421 dying", "S: what"}) {
    ClientDialogue dialogue(lmtp(), to_recipients(3));
    dialogue.play(lmtp_until_body + Script{"S: 250 ok", end});
    EXPECT_EQ(verdicts(dialogue.results), "drf");
    EXPECT_TRUE(dialogue.closed);
  }
}

TEST(ClientTransfer, RefusedHeloIsFinalOnlyWhenPermanent) {
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

TEST(ClientTransfer, UnexpectedPositiveRepliesAreFaults) {
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
TEST(ClientTransfer, DialoguesAreTheSameCutAtEveryByte) {
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
       Script{"+mail"} + hello_pipelining + Script{mail} + rcpt_both +
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
              mail,
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
