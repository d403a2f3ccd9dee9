// SPDX-License-Identifier: Apache-2.0
// VRFY, EXPN, ETRN and XCLIENT.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "open_transaction.hpp"
#include "support/dialogue.hpp"

namespace godwit {
namespace {

using smtp::Audience;
using test::Dialogue;
using test::mx;
using ::testing::ElementsAre;

TEST(ServerInquiry, TellsNobodyByDefault) {
  Dialogue(mx())
      .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: VRFY a@mx.example
    S: 252 2.0.0 Cannot verify the address, but will take a message for it and try
    C: EXPN list@mx.example
    S: 502 5.5.1 Command not implemented
    C: EXPN
    S: 501 5.5.4 Syntax: EXPN address
    C: ETRN mx.example
    S: 459 4.7.1 ETRN is for trusted clients
    C: XCLIENT ADDR=192.0.2.1
    S: 550 5.7.1 XCLIENT is for trusted clients
  )")
      .check();
}

TEST(ServerInquiry, AsksWhereItMayTell) {
  auto settings = mx();
  settings.vrfy = Audience::anyone;
  settings.expn = Audience::anyone;
  const auto run = Dialogue(settings)
                       .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: VRFY a@mx.example
    S: 250 2.0.0 Answered
    C: vrfy <b@mx.example>
    S: 250 2.0.0 Answered
    C: VRFY postmaster
    S: 250 2.0.0 Answered
    C: VRFY J\xc3\xb6rg@b\xc3\xbc.example SMTPUTF8
    S: 250 2.0.0 Answered
    A: answer 550 5.1.1 User unknown
    C: EXPN list@mx.example
    S: 550 5.1.1 User unknown
    C: VRFY J\xc3\xb6rg@mx.example
    S: 553 5.6.7 Non-ASCII address without SMTPUTF8
    C: VRFY a@@
    S: 501 5.1.3 Bad recipient address syntax
    C: VRFY
    S: 501 5.5.4 Syntax: VRFY address
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("verify <a@mx.example>", "verify <b@mx.example>", "verify <postmaster>",
                                       "verify <J\xc3\xb6rg@xn--b-eha.example>", "expand <list@mx.example>", "close"));
}

TEST(ServerInquiry, TellsOfUnknownCommandsWhoWantsToKnow) {
  auto settings = mx();
  settings.tell_unknown = true;
  settings.errors = 2;
  const auto run = Dialogue(settings)
                       .script(R"(
    S: 220 mx.example ESMTP Godwit
    A: answer 550 5.7.1 Go away
    C: XFOO  bar
    S: 550 5.7.1 Go away
    A: answer 450 4.7.1 Later
    C: xfoo
    S: 450 4.7.1 Later
    S: 421 4.7.0 mx.example Error: too many errors
    X: errors
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("unknown XFOO  bar", "unknown xfoo", "close"));
}

// RFC 6531 section 3.7.4.2.
TEST(ServerInquiry, WhoDoesNotAskForUtf8IsToldNone) {
  auto settings = mx();
  settings.vrfy = settings.expn = Audience::anyone;
  Dialogue(settings)
      .script(R"(
    S: 220 mx.example ESMTP Godwit
    A: answer 250 2.1.5 <J\xc3\xb6rg@mx.example>
    C: VRFY boss
    S: 252 2.6.8 The address is not ASCII: ask with SMTPUTF8
    A: answer 250 2.1.5 <J\xc3\xb6rg@mx.example>
    C: EXPN list
    S: 550 5.6.8 Not all of the addresses are ASCII: ask with SMTPUTF8
    A: answer 250 2.1.5 <J\xc3\xb6rg@mx.example>
    C: EXPN list SMTPUTF8
    S: 250 2.1.5 <J\xc3\xb6rg@mx.example>
  )")
      .check();
}

TEST(ServerInquiry, WhatIsAnsweredIsOffered) {
  auto settings = mx();
  settings.vrfy = Audience::trusted;
  settings.expn = Audience::trusted;
  const auto offered = [&settings] {
    test::SessionDriver driver(settings);
    driver.feed(smtp::event::Connected{});
    driver.feed(smtp::event::Bytes{"EHLO c\r\n"});
    return driver.replies();
  };
  EXPECT_THAT(offered(), ::testing::Not(::testing::HasSubstr("EXPN")));
  settings.trusted = true;
  EXPECT_THAT(offered(), ::testing::AllOf(::testing::HasSubstr("250-VRFY\r\n"), ::testing::HasSubstr("250-EXPN\r\n")));
}

TEST(ServerInquiry, TrustedAreKnownByNetworkOrLogin) {
  auto settings = mx();
  settings.vrfy = Audience::trusted;
  const auto inquiry = "S: 220 mx.example ESMTP Godwit\nC: VRFY a\nS: 25";
  EXPECT_THAT(
      Dialogue(settings)
          .script(std::string(inquiry) + "2 2.0.0 Cannot verify the address, but will take a message for it and try")
          .check()
          .trace(),
      ElementsAre("close"));
  settings.trusted = true;
  EXPECT_THAT(Dialogue(settings).script(std::string(inquiry) + "0 2.0.0 Answered").check().trace(),
              ElementsAre("verify <a>", "close"));
}

TEST(ServerInquiry, StartsTheQueueForTrustedClients) {
  auto settings = mx();
  settings.trusted = true;
  const auto run = Dialogue(settings)
                       .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: HELO c
    S: 250 mx.example
    C: ETRN Far.Example.
    S: 250 2.0.0 Answered
    C: ETRN
    S: 501 5.5.4 Syntax: ETRN domain
    C: ETRN #queue
    S: 501 5.5.4 Syntax: ETRN domain
    C: MAIL FROM:<>
    S: 250 2.1.0 Ok
    C: ETRN far.example
    S: 503 5.5.1 ETRN is not allowed within a mail transaction
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("start far.example", "sender <>", "close"));
}

TEST(ServerInquiry, OneThatIsTrustedSpeaksForOthers) {
  auto settings = mx();
  settings.may_xclient = true;
  const auto run = Dialogue(settings)
                       .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: EHLO filter
    E: XCLIENT NAME ADDR PROTO HELO LOGIN, STARTTLS
    A: answer 220 mx.example ESMTP Godwit
    C: XCLIENT NAME=spike.example ADDR=IPV6:2001:db8::1 PORT=4711 DESTADDR=192.0.2.9 DESTPORT=25
    S: 220 mx.example ESMTP Godwit
    C: MAIL FROM:<>
    S: 503 5.5.1 Send HELO or EHLO first
    A: answer 220 mx.example ESMTP Godwit
    C: xclient addr=192.0.2.1 proto=ESMTP helo=spike+2Eexample login=alice@mx.example
    S: 220 mx.example ESMTP Godwit
    C: MAIL FROM:<>
    S: 250 2.1.0 Ok
    C: XCLIENT ADDR=192.0.2.2
    S: 503 5.5.1 XCLIENT is not allowed within a mail transaction
  )")
                       .check();
  EXPECT_THAT(run.trace(),
              ElementsAre("speak for 2001:db8::1 name spike.example", "speak for 192.0.2.1", "sender <>", "close"));
  EXPECT_EQ(run.session().account(), "alice@mx.example");
  EXPECT_EQ(run.session().hello().name, "spike.example");
}

TEST(ServerInquiry, UnknownAttributesOfAClientAreKnownToBeUnknown) {
  auto settings = mx();
  settings.may_xclient = true;
  const auto run = Dialogue(settings)
                       .script(R"(
    S: 220 mx.example ESMTP Godwit
    A: answer 220 mx.example ESMTP Godwit
    C: XCLIENT NAME=[UNAVAILABLE] ADDR=[unavailable] HELO=[UNAVAILABLE] LOGIN=[UNAVAILABLE] PROTO=[TEMPUNAVAIL]
    S: 220 mx.example ESMTP Godwit
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("speak for nobody name  anonymous", "close"));
  EXPECT_EQ(run.session().account(), "");
}

TEST(ServerInquiry, RefusesMalformedXclient) {
  auto settings = mx();
  settings.may_xclient = true;
  settings.errors = 100;
  for (const char* argument : {"", " ADDR", " ADDR=", " ADDR=host", " ADDR=IPV6:192.0.2.1", " ADDR=192.0.2.1 NEW=1",
                               " PROTO=LMTP", " HELO=a+0Db", " NAME=a=b", " HELO=a+2"})
    Dialogue(settings)
        .script(std::string("S: 220 mx.example ESMTP Godwit\nC: XCLIENT") + argument +
                "\nS: 501 5.5.4 Syntax: XCLIENT attribute=value ...")
        .check();
}

}  // namespace
}  // namespace godwit
