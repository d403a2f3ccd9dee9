// SPDX-License-Identifier: Apache-2.0
// Transactions of the client, by dialogue: MAIL and RCPT, what is said with them, and what becomes of each recipient.
#include "transfer_scripts.hpp"

namespace godwit::smtp {
namespace {

using Reason = client_action::Close::Reason;

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
  const Script again = {"+mail",     mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: DATA",
                        "S: 354 go", "+body",   "S: 250 ok"};
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
  seven.play(Script{"+mail"} + offering("8BITMIME") + Script{mail_from});
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
                Script{mail_from + " RET=HDRS ENVID=QQ+203+2B14+3D", "S: 250 ok",
                       "C: RCPT TO:<r0@xyz.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+3Db@abc.example", "S: 250 ok",
                       "C: RCPT TO:<r1@xyz.example> NOTIFY=NEVER"});
  ClientDialogue silent({}, to_recipients(1));
  silent.play(Script{"+mail"} + offering("DSN") + Script{mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>"});
}

TEST(ClientTransfer, KeepsWhatWasAskedOfReportsFromAPeerWithoutDsn) {
  ClientDialogue dialogue({}, asking_for_reports());
  dialogue.play(Script{"+mail"} + offering("PIPELINING") +
                Script{mail_from, "C: RCPT TO:<r0@xyz.example>", "C: RCPT TO:<r1@xyz.example>", "C: DATA"});
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
             Script{mail_from, "S: 250 ok", "C: RCPT TO:<r1@xyz.example>", "S: 250 ok", "C: DATA", "S: 354 go", "+body",
                    "S: 250 ok"});
  EXPECT_EQ(verdicts(plain.results), "ld");
  EXPECT_EQ(plain.results[0].why,
            "the address j\xc3\xbcrgen@xyz.example needs SMTPUTF8, which this host does not offer");
  ClientDialogue utf8({}, transaction);
  utf8.play(Script{"+mail"} + offering("SMTPUTF8") + Script{mail_from + " SMTPUTF8"});
}

TEST(ClientTransfer, AMessageThatNeedsSmtputf8IsChangedOnlyWhereThatIsAllowed) {
  ClientTransaction transaction = to_recipients(1);
  transaction.smtputf8 = true;
  ClientDialogue utf8({}, transaction);
  utf8.play(Script{"+mail"} + offering("SMTPUTF8") + Script{mail_from + " SMTPUTF8"});
  const Script rest = {"S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: DATA", "S: 354 go"};
  ClientDialogue changed({}, transaction);
  changed.play(Script{"+mail"} + offering("8BITMIME", "SIZE", "CHUNKING") + Script{mail_from + " BODY=8BITMIME"} +
               rest);
  EXPECT_TRUE(changed.body->downgraded);
  EXPECT_EQ(changed.body->recoded_to, BodyType::eight_bit_mime);
  ClientDialogue of_1982({}, transaction);
  of_1982.play(Script{"+mail"} + bare_hello + Script{mail_from} + rest);
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
  keeps.play(Script{"+mail"} + offering("DELIVERBY 30") + Script{mail_from + " BY=90;RT"});
  ClientDialogue does_not({}, transaction);
  does_not.play(Script{"+mail"} + bare_hello);
  ASSERT_EQ(verdicts(does_not.results), "l");
  EXPECT_EQ(does_not.results[0].enhanced, (EnhancedCode{5, 3, 3}));
  transaction.deliver_by->mode = DeliverBy::Mode::notify;
  ClientDialogue notified({}, transaction);
  notified.play(Script{"+mail"} + bare_hello + Script{mail_from});
}

TEST(ClientTransfer, ThePriorityGoesToHostsThatOfferIt) {
  ClientTransaction transaction = to_recipients(1);
  transaction.priority = -3;
  ClientDialogue dialogue({}, transaction);
  dialogue.play(Script{"+mail"} + offering("MT-PRIORITY STANAG4406") + Script{mail_from + " MT-PRIORITY=-3"});
  ClientDialogue plain({}, transaction);
  plain.play(Script{"+mail"} + bare_hello + Script{mail_from});
}

Script under_tls(const std::string& keyword) {
  return Script{"+mail"} + offering("STARTTLS", keyword) + Script{"C: STARTTLS", "S: 220 go", "+tls"} +
         Script{"C: EHLO mail.xyz.example", "S: 250-mx", "S: 250 " + keyword};
}

TEST(ClientTransfer, RequiredTlsIsPassedOnToHostsThatPromiseIt) {
  ClientTransaction transaction = to_recipients(1);
  transaction.require_tls = true;
  ClientDialogue promised({}, transaction);
  promised.play(under_tls("REQUIRETLS") + Script{mail_from + " REQUIRETLS"});
  ClientDialogue lacking({}, transaction);
  lacking.play(under_tls("HELP"));
  ASSERT_EQ(verdicts(lacking.results), "h");
  EXPECT_EQ(lacking.results[0].enhanced, (EnhancedCode{5, 7, 30}));
  EXPECT_EQ(lacking.ready, 1) << "others may use the connection";
  transaction.require_tls = false;
  ClientDialogue usual({}, transaction);
  usual.play(under_tls("REQUIRETLS") + Script{mail_from});
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
  dialogue.play({"+mail", "S: 220 store", "C: LHLO mail.xyz.example", "S: 250 store", mail_from});
}

TEST(ClientTransfer, RecipientsBeyondThePeersLimitWaitForTheNextTransaction) {
  ClientDialogue dialogue({}, to_recipients(3));
  dialogue.play(Script{"+mail"} + offering("LIMITS MAILMAX=5 rcptmax=2 RCPTDOMAINMAX=3 NEW=1") +
                Script{mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok",
                       "C: RCPT TO:<r1@xyz.example>", "S: 250 ok", "C: DATA", "S: 354 go", "+body", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "dda");
  EXPECT_EQ(dialogue.session().capabilities().most_messages, 5U);
  EXPECT_EQ(dialogue.session().capabilities().most_domains, 3U);
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
                Script{mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok",
                       "C: RCPT TO:<r2@xyz.example>", "S: 250 ok", "C: RCPT TO:<r3@XYZ.example>", "S: 250 ok",
                       "C: DATA", "S: 354 go", "+body", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "dadd");
}

TEST(ClientTransfer, WhoIsOneTooManyWaitsForTheNextTransaction) {
  const auto too_many = [](const std::string& reply) {
    ClientDialogue dialogue({}, to_recipients(2));
    dialogue.play(Script{"+mail"} + bare_hello +
                  Script{mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok",
                         "C: RCPT TO:<r1@xyz.example>", "S: " + reply, "C: DATA", "S: 354 go", "+body", "S: 250 ok"});
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
                Script{mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 452 4.5.3 Too many", "C: RSET"});
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
                Script{mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 550 5.1.1 unknown",
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
                Script{mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 550 no",
                       "C: RCPT TO:<r1@xyz.example>", "S: 450 later", "C: RSET"});
  EXPECT_EQ(verdicts(dialogue.results), "fn");
  EXPECT_EQ(dialogue.read->deadline, std::chrono::seconds(5));
  EXPECT_EQ(dialogue.ready, 0);
  dialogue.play({"S: 250 ok"});
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientTransfer, RefusedMailNeedsNoReset) {
  ClientDialogue dialogue;
  dialogue.play(Script{"+mail"} + bare_hello + Script{mail_from, "S: 550 5.7.1 go away"});
  EXPECT_EQ(verdicts(dialogue.results), "f");
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientTransfer, RefusedDataResets) {
  ClientDialogue dialogue;
  dialogue.play(Script{"+mail"} + bare_hello +
                Script{mail_from, "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok", "C: DATA", "S: 554 5.5.1 no",
                       "C: RSET", "S: 250 ok"});
  EXPECT_EQ(verdicts(dialogue.results), "f");
  EXPECT_EQ(dialogue.ready, 1);
}

}  // namespace
}  // namespace godwit::smtp
