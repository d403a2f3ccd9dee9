// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dialogue.hpp"

namespace godwit {
namespace {

using test::Dialogue;
using ::testing::ElementsAre;
using ::testing::StartsWith;

smtp::SessionSettings patient_mx() {
  smtp::SessionSettings settings;
  settings.hostname = "mx.example";
  settings.errors = 1000;
  return settings;
}

// The reply to the last of `commands`, each sent after the reply to the one before.
std::string last_reply(const std::vector<std::string>& commands, const smtp::SessionSettings& settings = patient_mx()) {
  test::SessionDriver driver(settings);
  driver.feed(smtp::event::Connected{});
  std::size_t before = 0;
  for (const auto& command : commands) {
    before = driver.replies().size();
    driver.feed(smtp::event::Bytes{command + "\r\n"});
    while (driver.asking()) driver.feed(driver.answer());
  }
  EXPECT_THAT(driver.violations(), ElementsAre());
  return driver.replies().substr(before);
}

struct Argument {
  const char* command;
  const char* reply;
};

TEST(ServerTransaction, ReadsMailArguments) {
  const std::vector<Argument> cases = {
      {"MAIL FROM:<>", "250 2.1.0"},
      {"MAIL FROM:   <a@b.example>  ", "250 2.1.0"},
      {"MAIL FROM:<a@b.example> SIZE=1000", "250 2.1.0"},
      {"MAIL FROM:<a@b.example> size=0  body=8bitmime AUTH=<>", "250 2.1.0"},
      {"MAIL FROM:<a@b.example> BODY=7BIT AUTH=e+3Dmc2@example.com", "250 2.1.0"},
      {"MAIL FROM:<@r.example:a@b.example>", "250 2.1.0"},
      {"MAIL", "501 5.5.4"},
      {"MAIL FROM", "501 5.5.4"},
      {"MAIL FROM:", "501 5.5.4"},
      {"MAIL TO:<a@b.example>", "501 5.5.4"},
      {"MAIL FROM <a@b.example>", "501 5.5.4"},
      {"MAIL FROM:a@b.example", "501 5.1.7 Put the address in angle brackets"},
      {"MAIL FROM:<a>", "501 5.1.7"},
      {"MAIL FROM:<postmaster>", "501 5.1.7"},
      {"MAIL FROM:<a@b.example", "501 5.1.7"},
      {"MAIL FROM:<J\xc3\xb6rg@b.example>", "553 5.6.7"},
      {"MAIL FROM:<a@b.example>SIZE=1", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> SIZE=1 SIZE=1", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> SIZE", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> SIZE=", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> SIZE=-1", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> SIZE=1k", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> SIZE=1001", "552 5.3.4"},
      {"MAIL FROM:<a@b.example> SIZE=99999999999999999999999999", "552 5.3.4"},
      {"MAIL FROM:<a@b.example> BODY=BINARYMIME", "250 2.1.0"},
      {"MAIL FROM:<a@b.example> BODY=BINARY", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> AUTH=+3d", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> AUTH=a+4", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> AUTH=a=b", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> RET=FULL ENVID=QQ314159", "250 2.1.0"},
      {"MAIL FROM:<a@b.example> ret=hdrs envid=+20x", "250 2.1.0"},
      {"MAIL FROM:<a@b.example> RET=FULL RET=FULL", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> RET=HEADERS", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> RET", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> ENVID=a ENVID=a", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> ENVID=a+0Db", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> ENVID=a+2", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> NOTIFY=NEVER", "555 5.5.4"},
      {"MAIL FROM:<a@b.example> SMTPUTF8", "250 2.1.0"},
      {"MAIL FROM:<J\xc3\xb6rg@b\xc3\xbc.example> SMTPUTF8 BODY=8BITMIME", "250 2.1.0"},
      {"MAIL FROM:<J\xc3\xb6rg@b.example> BODY=8BITMIME", "553 5.6.7"},
      {"MAIL FROM:<J\xff@b.example> SMTPUTF8", "501 5.1.7"},
      {"MAIL FROM:<a@b.example> SMTPUTF8=yes", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> SMTPUTF8 SMTPUTF8", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> SMTPUTF8 ENVID=\xc3\xb6", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> BY=120;R", "250 2.1.0"},
      {"MAIL FROM:<a@b.example> BY=-1;NT", "250 2.1.0"},
      {"MAIL FROM:<a@b.example> BY=0;R", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> BY", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> BY=1;N BY=1;N", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> HOLDFOR=60", "555 5.5.4"},
      {"MAIL FROM:<a@b.example> HOLDUNTIL=2030-01-01T00:00:00Z", "555 5.5.4"},
      {"MAIL FROM:<a@b.example> MT-PRIORITY=3", "555 5.5.4"},
      {"MAIL FROM:<a@b.example> REQUIRETLS", "555 5.5.4"},
      {"MAIL FROM:<a@b.example> -X=1", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> =1", "501 5.5.4"},
  };
  auto settings = patient_mx();
  settings.message_size = 1000;
  for (const auto& [command, reply] : cases) {
    SCOPED_TRACE(command);
    EXPECT_THAT(last_reply({"EHLO c", command}, settings), StartsWith(reply));
  }
  settings.message_size = 0;
  EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<> SIZE=18446744073709551614"}, settings), StartsWith("250"));
  EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<> SIZE=18446744073709551616"}, settings), StartsWith("552"));
}

TEST(ServerTransaction, ReadsRcptArguments) {
  const std::vector<Argument> cases = {
      {"RCPT TO:<a@b.example>", "250 2.1.5"},
      {"RCPT TO: <a@b.example> ", "250 2.1.5"},
      {"RCPT TO:<Postmaster>", "250 2.1.5"},
      {"RCPT TO:<@r.example:a@b.example>", "250 2.1.5"},
      {"RCPT TO:<\"a b\"@b.example>", "250 2.1.5"},
      {"RCPT TO:<>", "501 5.1.3"},
      {"RCPT TO:<a>", "501 5.1.3"},
      {"RCPT TO:a@b.example", "501 5.1.3 Put the address in angle brackets"},
      {"RCPT TO:<a@\"b.example\">", "501 5.1.3"},
      {"RCPT TO:<a@b.example> NOTIFY=NEVER", "250 2.1.5"},
      {"RCPT TO:<a@b.example> notify=success,Failure,DELAY orcpt=rfc822;a+40b@c.example", "250 2.1.5"},
      {"RCPT TO:<a@b.example> NOTIFY=NEVER,FAILURE", "501 5.5.4"},
      {"RCPT TO:<a@b.example> NOTIFY=NEVER NOTIFY=NEVER", "501 5.5.4"},
      {"RCPT TO:<a@b.example> NOTIFY=SUCCESS,", "501 5.5.4"},
      {"RCPT TO:<a@b.example> NOTIFY=ALWAYS", "501 5.5.4"},
      {"RCPT TO:<a@b.example> NOTIFY", "501 5.5.4"},
      {"RCPT TO:<a@b.example> ORCPT=rfc822;x ORCPT=rfc822;x", "501 5.5.4"},
      {"RCPT TO:<a@b.example> ORCPT=x@y.example", "501 5.5.4"},
      {"RCPT TO:<a@b.example> ORCPT=rfc822;", "501 5.5.4"},
      {"RCPT TO:<a@b.example> ORCPT=;x", "501 5.5.4"},
      {"RCPT TO:<a@b.example> ORCPT=rfc822;x+0A", "501 5.5.4"},
      {"RCPT TO:<a@b.example> RET=FULL", "555 5.5.4"},
      {"RCPT TO:<a@b.example> ?", "501 5.5.4"},
      {"RCPT TO:<a@b.example>x", "501 5.5.4"},
      {"RCPT TO:<\xff@b.example>", "553 5.6.7"},
      {"RCPT", "501 5.5.4"},
      {"RCPT FROM:<a@b.example>", "501 5.5.4"},
  };
  for (const auto& [command, reply] : cases) {
    SCOPED_TRACE(command);
    EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<>", command}), StartsWith(reply));
  }
}

TEST(ServerTransaction, NonAsciiRecipientsNeedSmtputf8InMail) {
  const std::string recipient = "RCPT TO:<J\xc3\xb6rg@b\xc3\xbc.example>";
  EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<>", recipient}), StartsWith("553 5.6.7"));
  EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<> SMTPUTF8", recipient}), StartsWith("250 2.1.5"));
  EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<> SMTPUTF8", "RCPT TO:<J\xff@b.example>"}), StartsWith("501 5.1.3"));
  EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<> SMTPUTF8", recipient + " ORCPT=utf-8;J\xc3\xb6rg@b.example"}),
              StartsWith("250 2.1.5"));
  // What was granted to one message is not granted to the next.
  EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<> SMTPUTF8", "RSET", "MAIL FROM:<>", recipient}),
              StartsWith("553 5.6.7"));
}

TEST(ServerTransaction, UsersMayHoldMailAndSetItsPriority) {
  auto settings = patient_mx();
  settings.service = smtp::Service::submission;
  settings.longest_hold = std::chrono::hours(24);
  settings.hold_until = base::WallTime(std::chrono::hours(24 * 365));
  EXPECT_THAT(last_reply({"EHLO c"}, settings),
              ::testing::HasSubstr("250-FUTURERELEASE 86400 1971-01-01T00:00:00.000Z\r\n"));
  EXPECT_THAT(last_reply({"EHLO c"}, settings), ::testing::HasSubstr("250-MT-PRIORITY\r\n"));
  const std::vector<Argument> cases = {
      {"MAIL FROM:<a@b.example> HOLDFOR=60", "250 2.1.0"},
      {"MAIL FROM:<a@b.example> holduntil=1970-12-01T00:00:00Z", "250 2.1.0"},
      {"MAIL FROM:<a@b.example> HOLDFOR=60 HOLDUNTIL=1970-12-01T00:00:00Z", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> HOLDFOR=0", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> HOLDUNTIL=soon", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> MT-PRIORITY=-9", "250 2.1.0"},
      {"MAIL FROM:<a@b.example> MT-PRIORITY=10", "501 5.5.4"},
  };
  for (const auto& [command, reply] : cases) {
    SCOPED_TRACE(command);
    EXPECT_THAT(last_reply({"EHLO c", command}, settings), StartsWith(reply));
  }
  settings.longest_hold = {};
  EXPECT_THAT(last_reply({"EHLO c"}, settings), ::testing::Not(::testing::HasSubstr("FUTURERELEASE")));
  EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<a@b.example> HOLDFOR=60"}, settings), StartsWith("555 5.5.4"));
}

TEST(ServerTransaction, TrustedClientsMaySetThePriorityOfMail) {
  auto settings = patient_mx();
  EXPECT_THAT(last_reply({"EHLO c"}, settings), ::testing::Not(::testing::HasSubstr("MT-PRIORITY")));
  settings.trusted = true;
  EXPECT_THAT(last_reply({"EHLO c"}, settings), ::testing::HasSubstr("MT-PRIORITY"));
  EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<a@b.example> MT-PRIORITY=3"}, settings), StartsWith("250 2.1.0"));
}

TEST(ServerTransaction, TlsMayBeRequiredOfTheRestOfTheWayWhereItIsUsed) {
  for (const auto& [parameter, reply] :
       {std::pair{"REQUIRETLS", "250 2.1.0"}, std::pair{"RequireTLS", "250 2.1.0"},
        std::pair{"REQUIRETLS=1", "501 5.5.4"}, std::pair{"REQUIRETLS REQUIRETLS", "501 5.5.4"}}) {
    SCOPED_TRACE(parameter);
    const auto settings = patient_mx();
    smtp::ServerSession session(settings);
    session.next(smtp::event::TlsReady{{"TLSv1.3", "TLS_AES_256_GCM_SHA384", "", "", ""}});
    session.next(smtp::event::Connected{});
    const auto said = [&](const std::string& line) {
      for (const auto& action : session.next(smtp::event::Bytes{line}))
        if (const auto* send = std::get_if<smtp::action::Send>(&action)) return send->bytes;
      return std::string("nothing");
    };
    EXPECT_THAT(said("EHLO c\r\n"), ::testing::HasSubstr("REQUIRETLS\r\n"));
    const auto answer = said(std::string("MAIL FROM:<a@b.example> ") + parameter + "\r\n");
    const bool taken = std::string_view(reply).starts_with("250");
    EXPECT_EQ(answer.starts_with(reply), !taken) << answer;  // the sender is checked before it is answered
    EXPECT_EQ(session.mail_parameters().require_tls, taken);
  }
}

TEST(ServerTransaction, HandsOnWhatIsAskedOfReports) {
  const auto run = Dialogue(patient_mx())
                       .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: HELO c
    S: 250 mx.example
    C: MAIL FROM:<a@b.example> RET=FULL ENVID=x+3Dy
    S: 250 2.1.0 Ok
    C: RCPT TO:<c@mx.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c+2Bd@b.example
    S: 250 2.1.5 Ok
    C: RCPT TO:<d@mx.example>
    S: 250 2.1.5 Ok
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("sender <a@b.example>",
                                       "recipient <c@mx.example> notify SUCCESS,DELAY orcpt rfc822;c+d@b.example",
                                       "recipient <d@mx.example>", "close"));
}

TEST(ServerTransaction, HandsOnRefusals) {
  const auto run = Dialogue(patient_mx())
                       .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: HELO c
    S: 250 mx.example
    A: sender 550 5.7.1 Not you
    C: MAIL FROM:<a@b.example>
    S: 550 5.7.1 Not you
    C: RCPT TO:<a@b.example>
    S: 503 5.5.1 Need MAIL first
    C: MAIL FROM:<c@b.example>
    S: 250 2.1.0 Ok
    A: recipient 450 4.2.0 Greylisted
    C: RCPT TO:<d@mx.example>
    S: 450 4.2.0 Greylisted
    C: RCPT TO:<e@mx.example>
    S: 250 2.1.5 Ok
    A: recipient 550 5.1.1 Go away [disconnect]
    C: RCPT TO:<f@mx.example>
    C: DATA
    S: 550 5.1.1 Go away
    X: policy
  )")
                       .check();
  EXPECT_THAT(run.trace(),
              ElementsAre("sender <a@b.example>", "reset", "sender <c@b.example>", "recipient <d@mx.example>",
                          "recipient <e@mx.example>", "recipient <f@mx.example>", "close"));
}

TEST(ServerTransaction, A421OfOthersCloses) {
  Dialogue(patient_mx())
      .script(
          "S: 220 mx.example ESMTP Godwit\nC: HELO c\nS: 250 mx.example\nA: sender 421 4.7.0 Enough\nC: MAIL FROM:<>\n"
          "C: NOOP\nS: 421 4.7.0 Enough\nX: policy")
      .check();
}

TEST(ServerTransaction, BoundsRecipients) {
  auto settings = patient_mx();
  settings.recipients = 2;
  Dialogue(settings)
      .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: HELO c
    S: 250 mx.example
    C: MAIL FROM:<>
    C: RCPT TO:<a@mx.example>
    A: recipient 550 5.1.1 No
    C: RCPT TO:<b@mx.example>
    C: RCPT TO:<c@mx.example>
    C: RCPT TO:<d@mx.example>
    S: 250 2.1.0 Ok
    S: 250 2.1.5 Ok
    S: 550 5.1.1 No
    S: 250 2.1.5 Ok
    S: 452 4.5.3 Too many recipients; send the message for the rest again
    C: RSET
    S: 250 2.0.0 Ok
    C: MAIL FROM:<>
    S: 250 2.1.0 Ok
    C: RCPT TO:<e@mx.example>
    S: 250 2.1.5 Ok
  )")
      .check();
}

TEST(ServerTransaction, WhoAddsTwiceAsManyRecipientsAsThereMayBeIsLeft) {
  auto settings = patient_mx();
  settings.recipients = 2;
  Dialogue dialogue(settings);
  dialogue.script("S: 220 mx.example ESMTP Godwit\nC: HELO c\nS: 250 mx.example\nC: MAIL FROM:<>\nS: 250 2.1.0 Ok");
  for (int i = 0; i < 2; ++i) dialogue.script("C: RCPT TO:<a@mx.example>\nS: 250 2.1.5 Ok");
  for (int i = 0; i < 3; ++i)
    dialogue.script("C: RCPT TO:<a@mx.example>\nS: 452 4.5.3 Too many recipients; send the message for the rest again");
  dialogue.script("S: 421 4.7.0 mx.example Error: too many errors\nX: errors").check();
}

// RFC 9422.
TEST(ServerTransaction, BoundsMessagesAndRecipientDomainsOfASession) {
  auto settings = patient_mx();
  settings.messages = 3;
  settings.recipient_domains = 1;
  Dialogue(settings)
      .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: MAIL FROM:<>
    S: 503 5.5.1 Send HELO or EHLO first
    C: HELO c
    S: 250 mx.example
    C: MAIL FROM:<>
    S: 250 2.1.0 Ok
    C: RCPT TO:<a@one.example>
    S: 250 2.1.5 Ok
    C: RCPT TO:<a@two.example>
    S: 452 4.5.3 Too many recipient domains; send the message for the rest in another connection
    C: RCPT TO:<b@ONE.example>
    S: 250 2.1.5 Ok
    C: DATA
    S: 354 End data with <CR><LF>.<CR><LF>
    C: .
    S: 250 2.0.0 Ok: queued as 0000000000001
    C: MAIL FROM:<>
    S: 250 2.1.0 Ok
    C: RCPT TO:<b@two.example>
    S: 452 4.5.3 Too many recipient domains; send the message for the rest in another connection
    C: DATA
    S: 554 5.5.1 No valid recipients
    C: RSET
    S: 250 2.0.0 Ok
    C: MAIL FROM:<>
    S: 421 4.7.0 mx.example Error: too many messages in one connection
    X: policy
  )")
      .check();
  EXPECT_THAT(last_reply({"EHLO c"}, settings),
              ::testing::HasSubstr("250-LIMITS MAILMAX=3 RCPTMAX=1000 RCPTDOMAINMAX=1\r\n"));
}

TEST(ServerTransaction, BoundsMessagesRefusedForTheirSize) {
  auto settings = patient_mx();
  settings.errors = 1;
  Dialogue dialogue(settings);
  dialogue.script("S: 220 mx.example ESMTP Godwit\nC: HELO c\nS: 250 mx.example");
  for (int i = 0; i < 9; ++i)
    dialogue.script("C: MAIL FROM:<> SIZE=999999999\nS: 552 5.3.4 Message size exceeds the limit");
  dialogue.script("S: 421 4.7.0 mx.example Error: too many errors\nX: errors").check();
}

TEST(ServerTransaction, BoundsRefusedRecipients) {
  auto settings = patient_mx();
  settings.errors = 1;
  Dialogue dialogue(settings);
  dialogue.script("S: 220 mx.example ESMTP Godwit\nC: HELO c\nS: 250 mx.example\nC: MAIL FROM:<>\nS: 250 2.1.0 Ok");
  for (int i = 0; i < 9; ++i) dialogue.script("A: recipient 550 5.1.1 No\nC: RCPT TO:<a@mx.example>\nS: 550 5.1.1 No");
  dialogue.script("S: 421 4.7.0 mx.example Error: too many errors\nX: errors").check();
}

TEST(ServerTransaction, ASecondHelloBeginsAnew) {
  const auto run = Dialogue(patient_mx())
                       .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: HELO c
    S: 250 mx.example
    C: MAIL FROM:<>
    S: 250 2.1.0 Ok
    C: HELO d
    S: 250 mx.example
    C: RCPT TO:<a@mx.example>
    S: 503 5.5.1 Need MAIL first
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("sender <>", "reset", "close"));
}

TEST(ServerTransaction, TellsWhatWasSaid) {
  const auto settings = patient_mx();
  smtp::ServerSession session(settings);
  EXPECT_EQ(session.stage(), "connect");
  session.next(smtp::event::Connected{});
  EXPECT_EQ(session.stage(), "greeting");
  session.next(smtp::event::Bytes{"EHLO my_pc\r\n"});
  EXPECT_EQ(session.stage(), "command");
  EXPECT_EQ(session.protocol(), "ESMTP");
  session.next(smtp::event::Bytes{"MAIL FROM:<a@b.example> SIZE=5 BODY=8BITMIME AUTH=x RET=FULL ENVID=a+3Db\r\n"});
  EXPECT_EQ(session.stage(), "mail");
  EXPECT_EQ(session.sender(), (smtp::Mailbox{"a", "b.example"}));
  EXPECT_EQ(session.mail_parameters().size, 5U);
  EXPECT_EQ(session.mail_parameters().body, smtp::BodyType::eight_bit_mime);
  EXPECT_EQ(session.mail_parameters().auth, "x");
  EXPECT_EQ(session.mail_parameters().ret, smtp::return_full);
  EXPECT_EQ(session.mail_parameters().envid, "a=b");
  session.next(smtp::event::Verdict{});
  session.next(smtp::event::Bytes{"RSET\r\n"});
  EXPECT_FALSE(session.sender());
}

TEST(Transaction, OnlyProgramsOfThisMachineLeaveADomainOut) {
  const std::vector<std::string> dialogue = {"EHLO c", "MAIL FROM:<root>"};
  EXPECT_THAT(last_reply(dialogue), StartsWith("501 5.1.7"));
  EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<>", "RCPT TO:<root>"}), StartsWith("501 5.1.3"));
  auto local = patient_mx();
  local.service = smtp::Service::local;
  EXPECT_THAT(last_reply(dialogue, local), StartsWith("250 2.1.0"));
  EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<>", "RCPT TO:<root>"}, local), StartsWith("250 2.1.5"));
  EXPECT_THAT(last_reply({"EHLO c", "MAIL FROM:<>", "RCPT TO:<>"}, local), StartsWith("501 5.1.3"));
}

TEST(Transaction, AProgramOfThisMachineMayAskForManyMoreThanFit) {
  std::vector<std::string> dialogue = {"EHLO c", "MAIL FROM:<root>"};
  for (int i = 0; i < 20; ++i) dialogue.push_back("RCPT TO:<root>");
  auto settings = patient_mx();
  settings.recipients = 3;
  settings.service = smtp::Service::local;
  EXPECT_THAT(last_reply(dialogue, settings), StartsWith("452 4.5.3"));
  dialogue.push_back("DATA");
  EXPECT_THAT(last_reply(dialogue, settings), StartsWith("354"));
}

}  // namespace
}  // namespace godwit
