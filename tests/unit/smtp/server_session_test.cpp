// SPDX-License-Identifier: Apache-2.0
// The connection as a whole: the dialogues people type, hello, STARTTLS, errors, stopping.
#include "godwit/smtp/server_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dialogue.hpp"

namespace godwit {
namespace {

using test::Dialogue;
using ::testing::ElementsAre;

smtp::SessionSettings mail_xyz() {
  smtp::SessionSettings settings;
  settings.hostname = "mail.xyz.example";
  return settings;
}

TEST(ServerSession, TakesTheMessageThatAnAdministratorTypes) {
  const auto run = Dialogue(mail_xyz())
                       .script(R"(
    S: 220 mail.xyz.example ESMTP Godwit
    C: HELO mypc.abc.example
    S: 250 mail.xyz.example
    C: MAIL FROM: <mod@abc.example>
    S: 250 2.1.0 Ok
    C: RCPT TO: <somchai@xyz.example>
    S: 250 2.1.5 Ok
    C: RCPT TO: <Malee@XYZ.example>
    S: 250 2.1.5 Ok
    C: DATA
    S: 354 End data with <CR><LF>.<CR><LF>
    C: From: mod@abc.example
    C: To: somchai@xyz.example
    C: Subject: Hello
    C:
    C: Hello World
    C: .
    S: 250 2.0.0 Ok: queued as 0000000000001
    C: QUIT
    S: 221 2.0.0 Bye
    X: quit
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("sender <mod@abc.example>", "recipient <somchai@xyz.example>",
                                       "recipient <Malee@xyz.example>", "begin", "body", "commit", "close"));
  EXPECT_THAT(run.committed(),
              ElementsAre("From: mod@abc.example\r\nTo: somchai@xyz.example\r\nSubject: Hello\r\n\r\nHello World\r\n"));
}

TEST(ServerSession, TakesWholeConversationsInOnePiece) {
  const auto run = Dialogue(mail_xyz())
                       .script(R"(
    S: 220 mail.xyz.example ESMTP Godwit
    C: EHLO c.example
    C: MAIL FROM:<a@c.example>
    C: RCPT TO:<b@xyz.example>
    C: DATA
    C: one
    C: .
    C: MAIL FROM:<>
    C: RCPT TO:<b@xyz.example>
    C: DATA
    C: .
    C: QUIT
    S: 250-mail.xyz.example
    S: 250-PIPELINING
    S: 250-SIZE 52428800
    S: 250-8BITMIME
    S: 250-ENHANCEDSTATUSCODES
    S: 250-DSN
    S: 250-CHUNKING
    S: 250-BINARYMIME
    S: 250-SMTPUTF8
    S: 250-DELIVERBY
    S: 250-LIMITS RCPTMAX=1000
    S: 250 STARTTLS
    S: 250 2.1.0 Ok
    S: 250 2.1.5 Ok
    S: 354 End data with <CR><LF>.<CR><LF>
    S: 250 2.0.0 Ok: queued as 0000000000001
    S: 250 2.1.0 Ok
    S: 250 2.1.5 Ok
    S: 354 End data with <CR><LF>.<CR><LF>
    S: 250 2.0.0 Ok: queued as 0000000000002
    S: 221 2.0.0 Bye
    X: quit
  )")
                       .check();
  EXPECT_THAT(run.committed(), ElementsAre("one\r\n", ""));
}

TEST(ServerSession, GathersTheRepliesToAPipelinedBatch) {
  const auto settings = mail_xyz();
  smtp::ServerSession session(settings);
  session.next(smtp::event::Connected{});
  const auto& actions =
      session.next(smtp::event::Bytes{"NOOP\r\nRSET\r\nEHLO x\r\nMAIL FROM:<a@b.example>\r\nNOOP\r\nNO"});
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_FALSE(std::get<smtp::action::Send>(actions[0]).flush);
  EXPECT_TRUE(std::holds_alternative<smtp::action::CheckSender>(actions[1]));
  const auto& after = session.next(smtp::event::Verdict{});
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(std::get<smtp::action::Send>(after[0]).bytes, "250 2.1.0 Ok\r\n250 2.0.0 Ok\r\n");
  EXPECT_TRUE(std::get<smtp::action::Send>(after[0]).flush);
  EXPECT_EQ(std::get<smtp::action::Read>(after[1]).deadline, settings.command_timeout);
}

TEST(ServerSession, BearsAnyPrintableHelloAndNoOther) {
  Dialogue(mail_xyz())
      .script(R"(
    S: 220 mail.xyz.example ESMTP Godwit
    C: HELO my_pc
    S: 250 mail.xyz.example
    C: helo [127.0.0.1]
    S: 250 mail.xyz.example
    C: HELO -.!
    S: 250 mail.xyz.example
    C: HELO
    S: 501 Syntax: HELO or EHLO, then your host name in ASCII
    C: EHLO \x20\x20
    S: 501 Syntax: HELO or EHLO, then your host name in ASCII
    C: HELO m\xfcller
    S: 501 Syntax: HELO or EHLO, then your host name in ASCII
    C: EHLO a\x07b
    S: 501 Syntax: HELO or EHLO, then your host name in ASCII
  )")
      .check();
}

TEST(ServerSession, ForgetsEverythingBeforeTls) {
  const auto run = Dialogue(mail_xyz())
                       .script(R"(
    S: 220 mail.xyz.example ESMTP Godwit
    C: HELO evil.example
    S: 250 mail.xyz.example
    C: MAIL FROM:<a@evil.example>
    S: 250 2.1.0 Ok
    C: STARTTLS
    C: EHLO evil.example
    C: MAIL FROM:<b@evil.example>
    S: 220 2.0.0 Ready to start TLS
    C: RCPT TO:<c@xyz.example>
    S: 503 5.5.1 Need MAIL first
    C: MAIL FROM:<c@d.example>
    S: 503 5.5.1 Send HELO or EHLO first
    C: EHLO good.example
    E: REQUIRETLS
    C: STARTTLS
    S: 503 5.5.1 TLS is active already
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("sender <a@evil.example>", "reset", "tls", "close"));
  EXPECT_EQ(run.session().protocol(), "ESMTPS");
  EXPECT_EQ(run.session().hello().name, "good.example");
}

TEST(ServerSession, ImplicitTlsComesBeforeTheGreeting) {
  auto settings = mail_xyz();
  settings.tls = smtp::TlsMode::implicit;
  settings.message_size = 0;
  Dialogue(settings)
      .script(R"(
    S: 220 mail.xyz.example ESMTP Godwit
    C: EHLO c.example
    E: REQUIRETLS
  )")
      .check();
}

TEST(ServerSession, HandshakeThatFailsClosesWithoutAWord) {
  for (const smtp::ServerEvent& end :
       {smtp::ServerEvent(smtp::event::TimedOut{}), smtp::ServerEvent(smtp::event::PeerClosed{})}) {
    const auto settings = mail_xyz();
    smtp::ServerSession session(settings);
    session.next(smtp::event::Connected{});
    session.next(smtp::event::Bytes{"STARTTLS\r\n"});
    EXPECT_EQ(session.stage(), "starttls");
    const auto& actions = session.next(end);
    ASSERT_EQ(actions.size(), 1U);
    EXPECT_EQ(std::get<smtp::action::Close>(actions[0]).reason, smtp::action::Close::Reason::tls_failed);
  }
}

TEST(ServerSession, TlsMayBeRefusedBeforeItIsBegun) {
  Dialogue(mail_xyz())
      .script(R"(
    S: 220 mail.xyz.example ESMTP Godwit
    A: starttls 454 4.7.0 Not now
    C: NOOP
    C: STARTTLS
    S: 250 2.0.0 Ok
    S: 454 4.7.0 Not now
    C: EHLO c.example
    E: STARTTLS
    A: starttls 421 4.7.0 Too many
    C: STARTTLS
    S: 421 4.7.0 Too many
    X: policy
  )")
      .check();
}

TEST(ServerSession, ClosesOnPeersThatSpeakAnotherProtocol) {
  for (const auto* request :
       {"GET / HTTP/1.1", "POST /", "post / HTTP/1.0", "CONNECT a:25 HTTP/1.1", "PRI * HTTP/2.0"}) {
    Dialogue(mail_xyz())
        .script("S: 220 mail.xyz.example ESMTP Godwit")
        .client(std::string(request) + "\r\nHost: x\r\n\r\nMAIL FROM:<a@b.example>\r\n")
        .script("S: 500 5.5.1 This is a mail server\nX: policy")
        .check();
  }
  Dialogue(mail_xyz())
      .script("S: 220 mail.xyz.example ESMTP Godwit")
      .client("\x16\x03\x01\x02")
      .script("S: 500 5.5.2 This port speaks SMTP, not TLS from the first byte\nX: policy")
      .check();
}

TEST(ServerSession, OneBadLineIsOneReply) {
  const auto run = Dialogue(mail_xyz())
                       .script(R"(
    S: 220 mail.xyz.example ESMTP Godwit
    C: NOOP\nMAIL FROM:<>
    S: 500 5.5.2 Bad line: lines end in <CR><LF> and hold no bare <CR>, <LF> or NUL (nc: use nc -C)
    C: NOOP\rNOOP
    S: 500 5.5.2 Bad line: lines end in <CR><LF> and hold no bare <CR>, <LF> or NUL (nc: use nc -C)
    C: NOOP\r
    S: 500 5.5.2 Bad line: lines end in <CR><LF> and hold no bare <CR>, <LF> or NUL (nc: use nc -C)
    C: NO\0OP
    S: 500 5.5.2 Bad line: lines end in <CR><LF> and hold no bare <CR>, <LF> or NUL (nc: use nc -C)
    C: NOOP \xff
    S: 500 5.5.2 Control or 8-bit characters in a command
    C:
    S: 500 5.5.2 Empty line
    C: \x20
    S: 500 5.5.2 Empty line
    C: NOOP \t
    S: 250 2.0.0 Ok
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("close"));
}

TEST(ServerSession, WhoKnowsNoCarriageReturnIsToldOnceAndThenLeft) {
  constexpr auto told = R"(
    S: 220 mail.xyz.example ESMTP Godwit
    c: EHLO c.example\n
    S: 500 5.5.2 Bad line: lines end in <CR><LF> and hold no bare <CR>, <LF> or NUL (nc: use nc -C)
    c: MAIL FROM:<a@b.example>\nRCPT TO:<c@d.example>\n
    S: 421 4.5.2 mail.xyz.example Error: your lines end in <LF> alone, so none of them can be read
    X: errors
  )";
  EXPECT_THAT(Dialogue(mail_xyz()).script(told).check().trace(), ElementsAre("close"));
  Dialogue(mail_xyz())
      .script("S: 220 mail.xyz.example ESMTP Godwit")
      .client("NOOP\nNOOP\nNOOP\r\nNOOP\r\n")
      .script(
          "S: 500 5.5.2 Bad line: lines end in <CR><LF> and hold no bare <CR>, <LF> or NUL (nc: use nc -C)\n"
          "S: 421 4.5.2 mail.xyz.example Error: your lines end in <LF> alone, so none of them can be read\nX: errors")
      .check();
}

TEST(ServerSession, SkipsOverLongLines) {
  for (const std::size_t length : {2048U, 2049U, 5000U, 100000U}) {
    Dialogue(mail_xyz())
        .script("S: 220 mail.xyz.example ESMTP Godwit")
        .client("NOOP " + std::string(length, 'a') + "\nQUIT\r\rQUIT\r\nNOOP\r\n")
        .script("S: 500 5.5.2 Line too long\nS: 250 2.0.0 Ok")
        .check();
  }
}

TEST(ServerSession, EndsAfterTooManyErrors) {
  auto settings = mail_xyz();
  settings.errors = 3;
  Dialogue(settings)
      .script(R"(
    S: 220 mail.xyz.example ESMTP Godwit
    C: BOGUS
    C: MAIL FROM:<a@b.example>
    C: EXPN list
    C: NOOP
    S: 500 5.5.1 Command not recognized
    S: 503 5.5.1 Send HELO or EHLO first
    S: 502 5.5.1 Command not implemented
    S: 421 4.7.0 mail.xyz.example Error: too many errors
    X: errors
  )")
      .check();
}

TEST(ServerSession, EndsAfterTenTimesAsManyUselessCommands) {
  auto settings = mail_xyz();
  settings.errors = 1;
  auto dialogue = Dialogue(settings);
  dialogue.script("S: 220 mail.xyz.example ESMTP Godwit");
  for (int i = 0; i < 9; ++i) dialogue.script("C: NOOP\nS: 250 2.0.0 Ok");
  dialogue.script("C: RSET\nS: 250 2.0.0 Ok\nS: 421 4.7.0 mail.xyz.example Error: too many errors\nX: errors").check();
}

TEST(ServerSession, StopsAtOnceWhenIdleAndAfterTheMessageWhenBusy) {
  const auto settings = mail_xyz();
  const std::string stopping = "421 4.3.2 mail.xyz.example Service shutting down\r\n";
  {
    test::SessionDriver idle(settings);
    idle.feed(smtp::event::Connected{});
    idle.feed(smtp::event::Stopping{});
    EXPECT_EQ(idle.closed(), smtp::action::Close::Reason::stopping);
    EXPECT_TRUE(idle.replies().ends_with(stopping));
  }
  {
    test::SessionDriver early(settings);
    early.feed(smtp::event::Stopping{});
    early.feed(smtp::event::Connected{});
    EXPECT_EQ(early.replies(), stopping);
  }
  test::SessionDriver busy(settings);
  const auto pump = [&] {
    while (busy.asking()) busy.feed(busy.answer());
  };
  busy.feed(smtp::event::Connected{});
  busy.feed(smtp::event::Bytes{"HELO c\r\nMAIL FROM:<>\r\nRCPT TO:<b@xyz.example>\r\nDATA\r\n"});
  pump();
  busy.feed(smtp::event::Stopping{});
  EXPECT_FALSE(busy.closed());
  busy.feed(smtp::event::Bytes{"x\r\n.\r\nMAIL FROM:<>\r\n"});
  pump();
  EXPECT_EQ(busy.closed(), smtp::action::Close::Reason::stopping);
  EXPECT_TRUE(busy.replies().ends_with("queued as 0000000000001\r\n" + stopping)) << busy.replies();
  EXPECT_THAT(busy.violations(), ElementsAre());
}

TEST(ServerSession, SaysWhyItTimesOut) {
  const auto settings = mail_xyz();
  smtp::ServerSession session(settings);
  session.next(smtp::event::Connected{});
  const auto& actions = session.next(smtp::event::TimedOut{});
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_EQ(std::get<smtp::action::Send>(actions[0]).bytes, "421 4.4.2 mail.xyz.example Error: timeout exceeded\r\n");
  EXPECT_EQ(std::get<smtp::action::Close>(actions[1]).reason, smtp::action::Close::Reason::timed_out);
  EXPECT_TRUE(session.next(smtp::event::PeerClosed{}).empty());
}

TEST(ServerSession, BoundsItsReads) {
  test::SessionDriver driver(mail_xyz());
  driver.feed(smtp::event::Connected{});
  EXPECT_EQ(driver.read_limit(), 16U * 1024U);
}

TEST(ServerSession, AHeaderFieldIsNoCommandAndEndsTheConnection) {
  for (const char* line : {"Host: mx.example", "Subject: Hello", "received:"})
    Dialogue(mail_xyz())
        .script(std::string("S: 220 mail.xyz.example ESMTP Godwit\nC: ") + line +
                "\nC: MAIL FROM:<a@b.example>\nS: 500 5.5.1 A header field is no command\nX: policy")
        .check();
}

}  // namespace
}  // namespace godwit
