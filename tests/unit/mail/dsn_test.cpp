// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/dsn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::mail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

base::WallTime at_second(std::int64_t seconds) {
  return base::WallTime(std::chrono::seconds(seconds));
}

class DsnTest : public ::testing::Test {
 protected:
  DsnTest() {
    envelope_.sender = smtp::Mailbox{"alice", "example.com"};
    envelope_.accepted = at_second(1'000'000);
    request_.hostname = "mail.example.com";
    request_.to = *envelope_.sender;
    request_.original_id = {1};
    request_.original = &envelope_;
    set_message("Received: by x\r\nMessage-ID: <m1@example.com>\r\nSubject: Hello\r\n\r\nsecret body\r\n");
    request_.recipients.push_back({.recipient = {.address = {"bob", "example.net"}},
                                   .reply = {550, {5, 1, 1}, {"no such", "user"}},
                                   .remote = true,
                                   .remote_host = "mx1.example.net[192.0.2.1]:25",
                                   .last_attempt = at_second(1'000'100),
                                   .klass = FailureClass::bad_mailbox});
    request_.now = at_second(1'000'200);
    request_.retry_until = at_second(1'400'000);
  }

  void set_message(std::string message) {
    message_ = std::move(message);
    request_.message = message_;
    request_.message_size = message_.size();
  }

  Dsn compose() {
    auto dsn = compose_dsn(request_, random_);
    check_canonical(dsn.message);
    return dsn;
  }

  static void check_canonical(const std::string& text) {
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      ASSERT_NE(text[i], '\0');
      ASSERT_NE(text[i], '\n') << "bare LF at " << i;
      if (text[i] != '\r') continue;
      ASSERT_EQ(text.substr(i, 2), "\r\n") << "bare CR at " << i;
      ASSERT_LE(i - start, 998U) << text.substr(start, 60);
      start = ++i + 1;
    }
    ASSERT_TRUE(text.ends_with("--\r\n"));
  }

  Envelope envelope_;
  std::string message_;
  DsnRequest request_;
  base::SeededRandom random_{7};
};

TEST_F(DsnTest, HeaderMarksAnAutomaticReportToTheSender) {
  const auto dsn = compose();
  const auto header = dsn.message.substr(0, dsn.message.find("\r\n\r\n"));
  EXPECT_THAT(header, HasSubstr("From: Mail Delivery System <MAILER-DAEMON@mail.example.com>\r\n"));
  EXPECT_THAT(header, HasSubstr("To: <alice@example.com>\r\n"));
  EXPECT_THAT(header, HasSubstr("Subject: Your message could not be delivered\r\n"));
  EXPECT_THAT(header, HasSubstr("Date: Mon, 12 Jan 1970 13:50:00 +0000\r\n"));
  EXPECT_THAT(header, HasSubstr("Message-ID: " + dsn.message_id + "\r\n"));
  EXPECT_THAT(header, HasSubstr("In-Reply-To: <m1@example.com>\r\n"));
  EXPECT_THAT(header, HasSubstr("Auto-Submitted: auto-replied\r\n"));
  EXPECT_THAT(header, HasSubstr("Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"=_"));
  EXPECT_EQ(dsn.body, smtp::BodyType::seven_bit);
}

TEST_F(DsnTest, TellsThePersonWhoSaidWhat) {
  request_.recipients[0].recipient.original = "bobby@example.org";
  EXPECT_THAT(compose().message,
              HasSubstr("  <bob@example.net> (sent to <bobby@example.org>)\r\n"
                        "      There is no such mailbox: check the address.\r\n"
                        "      The host mx1.example.net[192.0.2.1]:25 said: 550 5.1.1 no such user\r\n"));
}

TEST_F(DsnTest, TellsTheProgramInFields) {
  envelope_.envid = "QQ314159";
  request_.recipients[0].recipient.orcpt = "rfc822;Bob@example.net";
  const auto text = compose().message;
  EXPECT_THAT(text, HasSubstr("Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
                              "Reporting-MTA: dns; mail.example.com\r\n"
                              "X-Godwit-Id: 0000000000001\r\n"
                              "Original-Envelope-Id: QQ314159\r\n"
                              "Arrival-Date: Mon, 12 Jan 1970 13:46:40 +0000\r\n\r\n"
                              "Original-Recipient: rfc822;Bob@example.net\r\n"
                              "Final-Recipient: rfc822; bob@example.net\r\n"
                              "Action: failed\r\n"
                              "Status: 5.1.1\r\n"
                              "Remote-MTA: dns; mx1.example.net\r\n"
                              "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
                              "X-Godwit-Class: bad_mailbox\r\n"
                              "Last-Attempt-Date: Mon, 12 Jan 1970 13:48:20 +0000\r\n\r\n--"));
}

TEST_F(DsnTest, NamesEveryRecipientInItsOwnBlock) {
  request_.recipients.push_back({.recipient = {.address = {"eve", "example.org"}},
                                 .reply = {451, {4, 4, 1}, {"no host answered"}},
                                 .last_attempt = at_second(1),
                                 .why = "gave up after 5d"});
  const auto text = compose().message;
  EXPECT_THAT(text, HasSubstr("to these recipients"));
  EXPECT_THAT(text, HasSubstr("      451 4.4.1 no host answered; gave up after 5d\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\n\r\nFinal-Recipient: rfc822; eve@example.org\r\nAction: failed\r\nStatus: 4.4.1\r\n"
                              "Diagnostic-Code: x-godwit; 451 4.4.1 no host answered\r\n"));
}

TEST_F(DsnTest, DelayIsAWarningWithItsEnd) {
  request_.kind = DsnKind::delay;
  request_.recipients[0].reply = {452, {4, 2, 2}, {"full"}};
  envelope_.ret = 1;
  const auto text = compose().message;
  EXPECT_THAT(text, HasSubstr("Subject: Your message is delayed\r\n"));
  EXPECT_THAT(text, HasSubstr("You\r\nneed not send it again."));
  EXPECT_THAT(text, HasSubstr("Action: delayed\r\nStatus: 4.2.2\r\n"));
  EXPECT_THAT(text, HasSubstr("Will-Retry-Until: Sat, 17 Jan 1970 04:53:20 +0000\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("secret body"))) << "RET speaks of failures only";
}

TEST_F(DsnTest, SuccessSaysWhatItCameTo) {
  struct Row {
    DsnSuccess success;
    const char *subject, *action, *words;
  };
  const Row rows[] = {
      {DsnSuccess::delivered, "Your message was delivered", "delivered", "It was delivered."},
      {DsnSuccess::relayed, "Your message was passed on", "relayed", "It was relayed to a host that does not report"},
      {DsnSuccess::expanded, "Your message was passed on", "expanded", "It was sent on to the addresses"}};
  request_.kind = DsnKind::success;
  request_.recipients[0].reply = {250, {2, 1, 5}, {"taken"}};
  envelope_.ret = smtp::return_full;
  for (const auto& [success, subject, action, words] : rows) {
    request_.recipients[0].success = success;
    const auto text = compose().message;
    EXPECT_THAT(text, HasSubstr(std::string("Subject: ") + subject + "\r\n"));
    EXPECT_THAT(text, HasSubstr(std::string("Action: ") + action + "\r\nStatus: 2.1.5\r\n"));
    EXPECT_THAT(text, HasSubstr(words));
    EXPECT_THAT(text, HasSubstr("You asked to be told when your message reaches this recipient:"));
    EXPECT_THAT(text, Not(HasSubstr("secret body"))) << "RET speaks of failures only";
  }
}

TEST_F(DsnTest, AReportOnThousandsStaysSmall) {
  auto one = request_.recipients[0];
  one.reply.lines = {std::string(5000, 'z')};
  request_.recipients.assign(5000, one);
  EXPECT_LT(compose().message.size(), 3U << 20U);
}

// All that a recipient can bring is as long as it may be.
TEST_F(DsnTest, AReportOnAsManyAsAreInOneStaysBelow8MiB) {
  DsnRecipient one{.recipient = {.address = {std::string(64, 'l'), std::string(255, 'd')}}};
  one.recipient.original = std::string(64, 'o') + "@" + std::string(255, 'd');
  one.recipient.orcpt = "rfc822;" + std::string(993, 'r');
  one.reply = {550, {5, 1, 1}, {std::string(5000, 'z')}};
  one.remote = true;
  one.remote_host = std::string(255, 'h') + "[2001:db8:1111:2222:3333:4444:5555:6666]:65535";
  one.why = std::string(5000, 'w');
  one.last_attempt = at_second(1'000'100);
  request_.recipients.assign(most_in_a_report, one);
  set_message(std::string(max_returned - 4, 'x') + "\r\n\r\n");
  EXPECT_LT(compose().message.size(), 8U << 20U);
  for (auto& each : request_.recipients) {
    each.recipient.address.local.clear();
    for (int i = 0; i < 64; ++i) each.recipient.address.local += "\U0001F426";
  }
  EXPECT_LT(compose().message.size(), 8U << 20U);
}

TEST_F(DsnTest, OneOfSeveralReportsSaysSo) {
  EXPECT_THAT(compose().message, Not(HasSubstr("There are so many")));
  request_.number = 2;
  request_.of = 7;
  EXPECT_THAT(compose().message, HasSubstr("report 2 of 7"));
}

TEST_F(DsnTest, ReturnsTheHeaderOnlyUnlessAllWasAskedFor) {
  for (const std::uint8_t ret : {std::uint8_t{0}, std::uint8_t{2}}) {
    envelope_.ret = ret;
    const auto text = compose().message;
    EXPECT_THAT(
        text, HasSubstr("Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: 7bit\r\n\r\nReceived: by x\r\n"
                        "Message-ID: <m1@example.com>\r\nSubject: Hello\r\n\r\n--"));
    EXPECT_THAT(text, Not(HasSubstr("secret body")));
  }
  envelope_.ret = 1;
  EXPECT_THAT(compose().message,
              HasSubstr("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" + message_));
}

// RFC 8689 section 5.
TEST_F(DsnTest, ReturnsTheHeaderOnlyOfWhatRequiredTls) {
  envelope_.ret = smtp::return_full;
  envelope_.require_tls = true;
  EXPECT_THAT(compose().message, Not(HasSubstr("secret body")));
}

TEST_F(DsnTest, ReturnsTheHeaderOnlyOfWhatIsLargeOrUnfit) {
  envelope_.ret = 1;
  const std::string header = "Subject: Hello\r\n\r\n";
  std::string large = header;
  while (large.size() <= max_returned) large += "secret body\r\n";
  for (const auto& message : {large, header + "secret body" + std::string(999, 'x') + "\r\n"}) {
    set_message(message);
    EXPECT_THAT(compose().message, Not(HasSubstr("secret body")));
  }
  set_message(header + "secret body\r\n");
  request_.message_size = max_returned + 1;  // only the beginning was given
  EXPECT_THAT(compose().message, Not(HasSubstr("secret body")));
  set_message(header + "secret body");
  EXPECT_THAT(compose().message, HasSubstr("secret body\r\n\r\n--")) << "the last line gets its end";
}

TEST_F(DsnTest, EightBitOriginalsAreFlagged) {
  set_message("Subject: gr\xc3\xbc\xc3\x9f\r\n\r\nx\r\n");
  const auto dsn = compose();
  EXPECT_EQ(dsn.body, smtp::BodyType::eight_bit_mime);
  EXPECT_THAT(dsn.message, HasSubstr("Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: 8bit\r\n"));
  EXPECT_THAT(dsn.message.substr(0, dsn.message.find("\r\n\r\n")), HasSubstr("Content-Transfer-Encoding: 8bit"));
}

TEST_F(DsnTest, InternationalizedMailIsReportedInItsOwnTypes) {
  envelope_.smtputf8 = true;
  request_.recipients[0].recipient.address.local = "j\xc3\xb6rg";
  set_message(
      "Subject: Gr\xc3\xbc\xc3\x9f"
      "e\r\n\r\nHello\r\n");
  const auto dsn = compose();
  EXPECT_TRUE(dsn.smtputf8);
  EXPECT_EQ(dsn.body, smtp::BodyType::eight_bit_mime);
  EXPECT_THAT(dsn.message, HasSubstr("Content-Type: message/global-headers\r\n"));
  EXPECT_THAT(dsn.message, HasSubstr("Final-Recipient: utf-8; j\\x{F6}rg@example.net\r\n"));
  EXPECT_THAT(dsn.message, HasSubstr("<j\xc3\xb6rg@example.net>"));
  envelope_.ret = smtp::return_full;
  EXPECT_THAT(compose().message, HasSubstr("Content-Type: message/global\r\n"));
}

TEST_F(DsnTest, AReportNeedsSmtputf8OnlyForAnAddressOrAHeader) {
  request_.recipients[0].recipient.address.local = "j\xc3\xb6rg";
  EXPECT_FALSE(compose().smtputf8) << "the address is named in US-ASCII, and to people in a text of UTF-8";
  request_.to.local = "\xc3\xa4nne";
  EXPECT_TRUE(compose().smtputf8);
}

TEST_F(DsnTest, LongHeaderLinesAreFolded) {
  set_message("Subject: " + std::string(5000, 'x') + "\r\n\r\n");
  compose();
}

TEST_F(DsnTest, WhatPeersSaidCannotBreakTheReport) {
  const std::string evil = "x\r\n\r\n--boundary\r\n\tSubject: y\x01\xff\"<>" + std::string(5000, 'z');
  auto& failed = request_.recipients[0];
  failed.reply.lines = {evil, evil};
  failed.remote_host = evil;
  failed.why = evil;
  failed.recipient.original = evil;
  failed.recipient.orcpt = evil;
  failed.recipient.address.local = evil.substr(0, 60);
  envelope_.envid = evil;
  set_message("Message-ID: <a b> <c>\r\n\r\n");
  request_.to.local = evil.substr(0, 60);
  const auto text = compose().message;
  EXPECT_THAT(text, Not(HasSubstr("\r\n--boundary")));
  EXPECT_THAT(text, Not(HasSubstr("\r\n\tSubject")));
  EXPECT_THAT(text, Not(HasSubstr("In-Reply-To")));
}

TEST_F(DsnTest, AMessageMadeOfTheBoundaryGetsAnother) {
  base::SeededRandom same(99);
  const auto first = compose_dsn(request_, same).message;
  const auto start = first.find("boundary=\"") + 10;
  const auto boundary = first.substr(start, first.find('"', start) - start);
  set_message("X-Guess: " + boundary + "\r\n\r\n");
  base::SeededRandom again(99);
  EXPECT_THAT(compose_dsn(request_, again).message, Not(HasSubstr("boundary=\"" + boundary + "\"")));
}

TEST(DsnStatus, FitsTheReplyAndTheKind) {
  const auto status = [](smtp::Reply reply, DsnKind kind) {
    return to_string(dsn_status({.reply = std::move(reply)}, kind));
  };
  EXPECT_EQ(status({550, {5, 1, 1}, {}}, DsnKind::failure), "5.1.1");
  EXPECT_EQ(status({550, {}, {}}, DsnKind::failure), "5.0.0");
  EXPECT_EQ(status({451, {4, 3, 0}, {}}, DsnKind::failure), "4.3.0");
  EXPECT_EQ(status({451, {}, {}}, DsnKind::failure), "4.4.7") << "the time is over";
  EXPECT_EQ(status({451, {}, {}}, DsnKind::delay), "4.0.0");
  EXPECT_EQ(status({552, {5, 2, 2}, {}}, DsnKind::delay), "4.2.2") << "what is still tried is not permanent";
  EXPECT_EQ(status({}, DsnKind::failure), "5.0.0");
  EXPECT_EQ(status({250, {2, 1, 5}, {}}, DsnKind::success), "2.1.5");
  EXPECT_EQ(status({250, {}, {}}, DsnKind::success), "2.0.0");
}

}  // namespace
}  // namespace godwit::mail
