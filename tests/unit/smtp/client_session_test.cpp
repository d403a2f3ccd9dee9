// SPDX-License-Identifier: Apache-2.0
// Opening, reuse and ending of a client's connection; transactions are in client_transfer_test.cpp.
#include "godwit/smtp/client_session.hpp"

#include "client_dialogue.hpp"

namespace godwit::smtp {
namespace {

using Reason = client_action::Close::Reason;
using Verdict = RecipientResult::Verdict;
using std::chrono::minutes;
using std::chrono::seconds;

const Script hello = {"S: 220 mx ESMTP", "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250 8BITMIME"};
const Script hello_tls = {"S: 220 mx ESMTP", "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250 STARTTLS", "C: STARTTLS"};

ClientSettings with(ClientTls tls, std::string user = "") {
  ClientSettings settings;
  settings.tls = tls;
  settings.user = std::move(user);
  settings.password = "secret";
  return settings;
}

TEST(ClientSession, IsReadyAfterTheGreetingAndEhlo) {
  ClientDialogue dialogue;
  dialogue.play(hello);
  EXPECT_EQ(dialogue.ready, 1);
  EXPECT_FALSE(dialogue.read);
  EXPECT_TRUE(dialogue.session().capabilities().eight_bit_mime);
}

TEST(ClientSession, BeginsAWaitingTransactionWithoutReady) {
  ClientDialogue dialogue;
  dialogue.play(Script{"+mail"} + hello + Script{"C: MAIL FROM:<mod@abc.example>"});
  EXPECT_EQ(dialogue.ready, 0);
}

TEST(ClientSession, ReadsEveryCapability) {
  ClientDialogue dialogue;
  dialogue.play({"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250-mx PIPELINING", "S: 250-pipelining",
                 "S: 250-SIZE 35882577", "S: 250-8BITMIME", "S: 250-DSN", "S: 250-SMTPUTF8", "S: 250-CHUNKING",
                 "S: 250-ENHANCEDSTATUSCODES", "S: 250-AUTH PLAIN login", "S: 250-AUTH=NTLM", "S: 250-XXXXXXXA",
                 "S: 250"});
  const auto& offered = dialogue.session().capabilities();
  EXPECT_TRUE(offered.esmtp && offered.pipelining && offered.size && offered.eight_bit_mime && offered.dsn &&
              offered.smtputf8 && offered.chunking && offered.enhanced_status_codes);
  EXPECT_FALSE(offered.starttls);
  EXPECT_EQ(offered.size_limit, 35882577U);
  EXPECT_EQ(offered.auth, (std::vector<std::string>{"PLAIN", "LOGIN", "NTLM"}));
}

TEST(ClientSession, ACapabilityInTheGreetingLineIsNone) {
  ClientDialogue dialogue;
  dialogue.play({"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250 PIPELINING"});
  EXPECT_FALSE(dialogue.session().capabilities().pipelining);
}

TEST(ClientSession, MaskedBannerAndMaskedStarttlsDoNoHarm) {
  ClientDialogue dialogue;
  dialogue.play({"S: 220 ****************", "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250-XXXXXXXA", "S: 250 SIZE"});
  EXPECT_EQ(dialogue.ready, 1);
  EXPECT_TRUE(dialogue.session().capabilities().size);
}

TEST(ClientSession, SaysHeloOnTheSameConnectionWhenEhloIsRefused) {
  ClientDialogue dialogue;
  dialogue.play({"S: 220 ****", "C: EHLO mail.xyz.example", "S: 500 #5.5.1 command not recognized",
                 "C: HELO mail.xyz.example", "S: 250 mx"});
  EXPECT_EQ(dialogue.ready, 1);
  EXPECT_FALSE(dialogue.session().capabilities().esmtp);
}

TEST(ClientSession, HeloReplyOffersNothing) {
  ClientDialogue dialogue;
  dialogue.play({"S: 220 mx", "C: EHLO mail.xyz.example", "S: 502 no", "C: HELO mail.xyz.example", "S: 250-mx",
                 "S: 250 PIPELINING"});
  EXPECT_EQ(dialogue.ready, 1);
  EXPECT_FALSE(dialogue.session().capabilities().pipelining);
}

TEST(ClientSession, ForgetsTheClearSessionAfterTheHandshake) {
  ClientDialogue dialogue;
  dialogue.play(hello_tls + Script{"S: 220 go", "S: 250-injected", "S: 250 PIPELINING"});
  EXPECT_EQ(dialogue.handshakes, 1);
  dialogue.play({"S: 250 injected too", "+tls", "C: EHLO mail.xyz.example", "S: 250 mx"});
  EXPECT_EQ(dialogue.ready, 1);
  EXPECT_FALSE(dialogue.session().capabilities().starttls);
  EXPECT_EQ(dialogue.session().tls()->version, "TLSv1.3");
}

TEST(ClientSession, DoesNotUseTlsWhenTold) {
  ClientDialogue dialogue(with(ClientTls::none));
  dialogue.play({"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250 STARTTLS"});
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientSession, RefusedStarttlsGoesOnInClearWhenOpportunistic) {
  ClientDialogue dialogue;
  dialogue.play(hello_tls + Script{"S: 454 4.7.0 not now"});
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientSession, FailedHandshakeAsksForTheSameHostInClear) {
  for (const char* failure : {"-tls", "-close", "-time"}) {
    ClientDialogue dialogue;
    dialogue.play(Script{"+mail"} + hello_tls + Script{"S: 220 go", failure});
    ASSERT_TRUE(dialogue.closed);
    EXPECT_EQ(dialogue.closed->reason, Reason::retry_in_clear);
    EXPECT_EQ(dialogue.closed->cause.stage, Stage::tls);
    EXPECT_EQ(dialogue.transactions, 0) << "the transaction is still to be done";
  }
}

TEST(ClientSession, RequiredTlsNeverFallsBackToClear) {
  const Script quit = {"C: QUIT", "S: 221 bye"};
  for (const auto& rest : {Script{"S: 220 go", "-tls"}, Script{"S: 454 no"} + quit, Script{"S: 502 no"} + quit}) {
    ClientDialogue dialogue(with(ClientTls::require));
    dialogue.play(Script{"+mail"} + hello_tls + rest);
    ASSERT_TRUE(dialogue.closed);
    EXPECT_EQ(dialogue.closed->reason, Reason::failed);
    EXPECT_EQ(verdicts(dialogue.results), "n");
  }
}

TEST(ClientSession, RequiredTlsThatIsNotOfferedIsSaidSo) {
  ClientDialogue dialogue(with(ClientTls::require));
  dialogue.play(Script{"+mail"} + hello + Script{"C: QUIT", "S: 221 bye"});
  ASSERT_EQ(verdicts(dialogue.results), "n");
  EXPECT_EQ(dialogue.results[0].why, "TLS required but not offered");
  EXPECT_EQ(dialogue.results[0].stage, Stage::starttls);
  EXPECT_FALSE(dialogue.results[0].reply);
}

TEST(ClientSession, TlsFromTheFirstByteNeedsNoStarttls) {
  ClientSettings settings = with(ClientTls::require);
  settings.hostname = "me.example";
  ClientSession session(settings);
  EXPECT_TRUE(session.next(client_event::TlsReady{{"TLSv1.3", "x", "", "", ""}}).empty());
  session.next(client_event::Connected{});
  session.next(client_event::Bytes{"220 mx\r\n"});
  const auto& actions = session.next(client_event::Bytes{"250-mx\r\n250 STARTTLS\r\n"});
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<client_action::Ready>(actions[0]));
}

// ---- AUTH
// -------------------------------------------------------------------------------------------------------------

Script authentication(const std::string& mechanisms) {
  return hello_tls + Script{"S: 220 go", "+tls", "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250 AUTH " + mechanisms};
}

TEST(ClientSession, AuthenticatesByPlainWhereOffered) {
  ClientDialogue dialogue(with(ClientTls::require, "relay"));
  dialogue.play(authentication("LOGIN PLAIN") + Script{"C: AUTH PLAIN AHJlbGF5AHNlY3JldA==", "S: 235 2.7.0 ok"});
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientSession, AuthenticatesByLoginElse) {
  ClientDialogue dialogue(with(ClientTls::require, "relay"));
  dialogue.play(authentication("LOGIN CRAM-MD5") + Script{"C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: cmVsYXk=",
                                                          "S: 334 UGFzc3dvcmQ6", "C: c2VjcmV0", "S: 235 ok"});
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientSession, RefusedCredentialsDelayTheMailAndDoNotBounceIt) {
  ClientDialogue dialogue(with(ClientTls::require, "relay"));
  dialogue.play(Script{"+mail"} + authentication("PLAIN") +
                Script{"C: AUTH PLAIN AHJlbGF5AHNlY3JldA==", "S: 535 5.7.8 bad", "C: QUIT", "S: 221 bye"});
  ASSERT_EQ(verdicts(dialogue.results), "n");
  EXPECT_EQ(dialogue.results[0].stage, Stage::auth);
  EXPECT_EQ(dialogue.results[0].reply->code, 535);
  EXPECT_EQ(dialogue.results[0].why, "authentication failed");
}

TEST(ClientSession, NeverSendsCredentialsInClear) {
  ClientDialogue plain(with(ClientTls::opportunistic, "relay"));
  plain.play({"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250 AUTH PLAIN", "C: QUIT", "-time"});
  EXPECT_EQ(plain.closed->cause.stage, Stage::auth);

  ClientDialogue failed(with(ClientTls::opportunistic, "relay"));
  failed.play(hello_tls + Script{"S: 220 go", "-tls"});
  EXPECT_EQ(failed.closed->reason, Reason::failed) << "not again in clear";
}

TEST(ClientSession, WithoutAUsableMechanismNothingIsSent) {
  ClientDialogue dialogue(with(ClientTls::require, "relay"));
  dialogue.play(Script{"+mail"} + authentication("GSSAPI") + Script{"C: QUIT", "S: 221 bye"});
  EXPECT_EQ(verdicts(dialogue.results), "n");
}

// ---- LMTP
// -------------------------------------------------------------------------------------------------------------

TEST(ClientSession, LmtpSaysLhloAndNeverHelo) {
  ClientSettings settings;
  settings.protocol = ClientProtocol::lmtp;
  ClientDialogue dialogue(settings);
  dialogue.play({"+mail", "S: 220 store", "C: LHLO mail.xyz.example", "S: 500 what", "C: QUIT", "S: 221 bye"});
  EXPECT_EQ(verdicts(dialogue.results), "n") << "a store that is set up wrong delays the mail";
}

// ---- waiting and ending
// -----------------------------------------------------------------------------------------------

TEST(ClientSession, EveryReadHasTheDeadlineOfItsStep) {
  ClientDialogue dialogue;
  EXPECT_EQ(dialogue.read->deadline, minutes(5));
  EXPECT_FALSE(dialogue.read->continued);
  dialogue.feed(client_event::Bytes{"220"});
  EXPECT_TRUE(dialogue.read->continued) << "bytes that complete nothing buy no time";
  dialogue.feed(client_event::Bytes{" mx\r\n"});
  EXPECT_FALSE(dialogue.read->continued);
}

TEST(ClientSession, QuitsPolitelyButNotForLong) {
  for (const char* end : {"S: 221 bye", "S: 500 what", "S: garbage", "-close", "-time"}) {
    ClientDialogue dialogue;
    dialogue.play(hello + Script{"+quit", "C: QUIT"});
    ASSERT_TRUE(dialogue.read);
    EXPECT_EQ(dialogue.read->deadline, seconds(5));
    dialogue.play({end});
    ASSERT_TRUE(dialogue.closed);
    EXPECT_EQ(dialogue.closed->reason, Reason::quit);
  }
}

TEST(ClientSession, QuitBeforeItIsReadyClosesAtOnce) {
  ClientDialogue dialogue;
  dialogue.play({"+mail", "+quit"});
  EXPECT_EQ(dialogue.closed->reason, Reason::quit);
  EXPECT_EQ(verdicts(dialogue.results), "n");
}

TEST(ClientSession, IdleConnectionHearsA421AndIgnoresOtherWords) {
  ClientDialogue dialogue;
  dialogue.play(hello + Script{"S: 250 what?"});
  EXPECT_FALSE(dialogue.closed);
  dialogue.play({"S: 421 4.4.2 idle too long"});
  ASSERT_TRUE(dialogue.closed);
  EXPECT_EQ(dialogue.closed->reason, Reason::failed);
  EXPECT_EQ(dialogue.closed->cause.reply->code, 421);
}

TEST(ClientSession, NothingComesAfterClose) {
  ClientDialogue dialogue;
  dialogue.play({"-close"});
  ASSERT_TRUE(dialogue.closed);
  dialogue.play({"S: 220 mx", "-time", "+quit", "+tls"});
  EXPECT_FALSE(dialogue.read);
}

TEST(ClientSession, EndlessRepliesEndTheConnection) {
  for (const std::string& flood : {std::string("250-x\r\n"), std::string("22")}) {
    ClientDialogue dialogue;
    int rounds = 0;
    for (; !dialogue.closed && rounds < 100'000; ++rounds) dialogue.feed(client_event::Bytes{flood});
    ASSERT_TRUE(dialogue.closed) << flood;
    EXPECT_EQ(dialogue.closed->cause.verdict, Verdict::try_next);
  }
}

TEST(ClientSession, BytesDuringTheBodyAreBounded) {
  ClientDialogue dialogue;
  dialogue.play(Script{"+mail"} + hello +
                Script{"C: MAIL FROM:<mod@abc.example>", "S: 250 ok", "C: RCPT TO:<r0@xyz.example>", "S: 250 ok",
                       "C: DATA", "S: 354 go"});
  const std::string flood(10'000, 'x');
  int rounds = 0;
  for (; !dialogue.closed && rounds < 1000; ++rounds) dialogue.feed(client_event::Bytes{flood});
  ASSERT_TRUE(dialogue.closed);
  EXPECT_EQ(verdicts(dialogue.results), "n");
  EXPECT_EQ(dialogue.bodies, 1);
}

}  // namespace
}  // namespace godwit::smtp
