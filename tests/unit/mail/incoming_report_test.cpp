// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/incoming_report.hpp"

#include <gtest/gtest.h>

#include "godwit/mail/dsn.hpp"

namespace godwit::mail {
namespace {

std::string crlf(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.insert(at, 1, '\r');
  return text;
}

std::string report(const std::string& type, const std::string& fields) {
  return crlf(
      "From: MAILER-DAEMON@mx.example\nMIME-Version: 1.0\n"
      "Content-Type: multipart/report; boundary=\"b1\"\n\n"
      "preamble\n--b1\nContent-Type: text/plain\n\nIt failed.\n--b1\n"
      "Content-Type: " +
      type + "\n\n" + fields + "\n--b1\nContent-Type: message/rfc822\n\nSubject: x\n\n--b1--\n");
}

IncomingReport status(const std::string& fields) {
  auto read = read_report(report("message/delivery-status", fields));
  EXPECT_TRUE(read);
  return read.value_or(IncomingReport{});
}

TEST(IncomingReport, ReadsEachRecipient) {
  const auto read = status(
      "Reporting-MTA: dns; mx.example\nArrival-Date: x\n\n"
      "Original-Recipient: rfc822;first@x.example\nFinal-Recipient: rfc822; gone@x.example\nAction: Failed\n"
      "Status: 5.1.1 (no such user)\nDiagnostic-Code: smtp; 550-5.1.1 no such\n user\n\n"
      "Final-Recipient: rfc822;late@x.example\nAction: delayed\nStatus: 4.2.2\n");
  EXPECT_EQ(read.kind, IncomingReport::Kind::delivery_status);
  EXPECT_EQ(read.reporter, "mx.example");
  ASSERT_EQ(read.recipients.size(), 2U);
  EXPECT_EQ(read.recipients[0].address, "gone@x.example");
  EXPECT_EQ(read.recipients[0].original, "first@x.example");
  EXPECT_EQ(read.recipients[0].action, "failed");
  EXPECT_EQ(to_line(read.recipients[0].reply), "550 5.1.1 no such user");
  EXPECT_EQ(read.recipients[1].address, "late@x.example");
  EXPECT_EQ(read.recipients[1].reply.code, 450);
  EXPECT_EQ(read.recipients[1].reply.enhanced, (smtp::EnhancedCode{4, 2, 2}));
}

TEST(IncomingReport, TakesTheStatusWhereTheWordsHaveNone) {
  EXPECT_EQ(to_line(status("\nFinal-Recipient: rfc822;a@x.example\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 full\n")
                        .recipients.at(0)
                        .reply),
            "552 5.2.2 full");
  EXPECT_EQ(to_line(status("Final-Recipient: rfc822;a@x.example\nStatus: 5.2.2\nDiagnostic-Code: x-unix; no\n")
                        .recipients.at(0)
                        .reply),
            "550 5.2.2 no");
  EXPECT_EQ(status("Final-Recipient: rfc822;a@x.example\n").recipients.at(0).reply.code, 0);
}

TEST(IncomingReport, ReadsComplaints) {
  const auto read =
      read_report(report("message/feedback-report",
                         "Feedback-Type: Abuse\nUser-Agent: Loop/1.0\nVersion: 1\n"
                         "Original-Rcpt-To: <angry@x.example>\nOriginal-Mail-From: <news@example.com>\n"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, IncomingReport::Kind::complaint);
  EXPECT_EQ(read->about, "abuse");
  ASSERT_EQ(read->recipients.size(), 1U);
  EXPECT_EQ(read->recipients[0].address, "angry@x.example");
}

TEST(IncomingReport, ReadsOurOwnReports) {
  Envelope original;
  original.sender = smtp::Mailbox{"s", "from.example"};
  DsnRequest request;
  request.hostname = "mail.example.com";
  request.to = *original.sender;
  request.original = &original;
  request.recipients = {{.recipient = {.address = {"gone", "x.example"}},
                         .reply = smtp::make_reply(550, {5, 1, 1}, "no such user"),
                         .remote = true,
                         .remote_host = "mx.x.example[192.0.2.1]:25"}};
  base::SeededRandom random(1);
  const auto read = read_report(compose_dsn(request, random).message);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->reporter, "mail.example.com");
  ASSERT_EQ(read->recipients.size(), 1U);
  EXPECT_EQ(read->recipients[0].address, "gone@x.example");
  EXPECT_EQ(to_line(read->recipients[0].reply), "550 5.1.1 no such user");
}

TEST(IncomingReport, IsNothingWhereThereIsNone) {
  for (const auto* text : {"", "\n", "Subject: x\n\nno\n", "Content-Type: multipart/report\n\n--b\n\n--b--\n",
                           "Content-Type: multipart/report; boundary=b\n\nno parts\n",
                           "Content-Type: multipart/report; boundary=b\n\n--b--\n--b\n"
                           "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@b\n"})
    EXPECT_FALSE(read_report(crlf(text))) << text;
}

TEST(IncomingReport, IsBoundedWhateverItIsGiven) {
  std::string fields;
  for (int i = 0; i < 5000; ++i) fields += "\nFinal-Recipient: rfc822;a@x.example\n";
  EXPECT_EQ(status(fields).recipients.size(), max_reported);
  std::string parts = "Content-Type: multipart/report; boundary=b\n\n";
  for (int i = 0; i < 50'000; ++i) parts += "--b\n\n";
  EXPECT_FALSE(read_report(crlf(parts)));
  EXPECT_TRUE(status(std::string(100'000, 'x') + "\n" + std::string(50'000, '\n')).recipients.empty());
}

TEST(IncomingReport, SkipsLinesThatAreNoFields) {
  const auto read = status("what is this\n\nnor this\nFinal-Recipient: rfc822;a@x.example\nAction: failed\n");
  ASSERT_EQ(read.recipients.size(), 1U);
  EXPECT_EQ(read.recipients[0].action, "failed");
}

TEST(IncomingReport, GivesNothingUnsafeBack) {
  const auto read = status("Final-Recipient: rfc822;a@x.example\nDiagnostic-Code: smtp; 550 a\x01\x1B[2Jb\n");
  EXPECT_EQ(to_line(read.recipients.at(0).reply).find('\x1B'), std::string::npos);
}

}  // namespace
}  // namespace godwit::mail
