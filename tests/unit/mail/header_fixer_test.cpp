// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/header_fixer.hpp"

#include <gtest/gtest.h>

#include "godwit/mail/header.hpp"

namespace godwit::mail {
namespace {

constexpr const char* whole = "From: a@x.example\r\nDate: now\r\nMessage-ID: <1@x>\r\n";

HeaderFixes fixes() {
  HeaderFixes result;
  result.hostname = "mail.x.example";
  result.id = base::MessageId{1};
  result.now = base::WallTime{} + std::chrono::seconds(1000000000);
  result.origin = "x.example";
  result.from = smtp::Mailbox{"alice", "x.example"};
  return result;
}

HeaderFixes fixes_of_alice() {
  auto result = fixes();
  result.submitter = smtp::Mailbox{"alice", "x.example"};
  return result;
}

std::string id() {
  return to_string(base::MessageId{1});
}

std::string fix(std::string_view message, const HeaderFixes& how = fixes(), std::size_t piece = 0) {
  HeaderFixer fixer(how);
  std::string out;
  if (piece == 0) piece = message.size() + 1;
  for (; !message.empty(); message.remove_prefix(std::min(piece, message.size())))
    EXPECT_TRUE(fixer.put(message.substr(0, piece), out));
  fixer.finish(out);
  return out;
}

TEST(HeaderFixer, AddsWhatIsMissingBehindWhatIsThere) {
  EXPECT_EQ(fix("Subject: s\r\n\r\nbody\r\n"),
            "Subject: s\r\nFrom: alice@x.example\r\nDate: Sun, 9 Sep 2001 01:46:40 +0000\r\nMessage-ID: <" + id() +
                "@mail.x.example>\r\n\r\nbody\r\n");
}

TEST(HeaderFixer, LeavesAWholeMessageToTheByte) {
  const std::string message =
      std::string(whole) + "X-Odd :  \t x\r\n\t folded \r\nTo: B <b@y.example>\r\n\r\n.body\r\nBcc: x\r\n";
  EXPECT_EQ(fix(message), message);
}

TEST(HeaderFixer, GivesTheSameHoweverTheMessageIsCut) {
  const std::string message =
      "To: root,\r\n bob\r\nBcc: hidden@y.example,\r\n\tother@y.example\r\nSubject: s\r\n\r\nbody\r\n.\r\n";
  const std::string at_once = fix(message);
  for (std::size_t piece = 1; piece < message.size(); ++piece)
    EXPECT_EQ(fix(message, fixes(), piece), at_once) << piece;
}

TEST(HeaderFixer, TakesOutBccAndReturnPath) {
  EXPECT_EQ(fix(std::string("BCC: hidden@y.example,\r\n more@y.example\r\nReturn-Path: <x@y>\r\n") + whole +
                "Bcc:\r\nResent-bcc: z@y.example\r\n\r\n")
                .find("y.example"),
            std::string::npos);
}

TEST(HeaderFixer, AMessageWithoutAHeaderGetsOneAndItsEmptyLine) {
  for (const char* body : {"hello\r\n", " starts with a blank\r\n", "\r\nempty line first\r\n", "\r\n", ""}) {
    const auto fixed = fix(body);
    const Header header(fixed);
    EXPECT_EQ(header.fields().size(), 3U) << body;
    const std::string rest = fixed.substr(header.text().size());
    EXPECT_EQ(rest, (std::string_view(body).starts_with("\r\n") ? "" : "\r\n") + std::string(body));
  }
}

TEST(HeaderFixer, AHeaderAloneIsAMessage) {
  EXPECT_EQ(fix(whole), std::string(whole) + "\r\n");
  EXPECT_EQ(fix(std::string(whole) + "Subject: unfinished"), std::string(whole) + "Subject: unfinished\r\n\r\n");
}

TEST(HeaderFixer, TheLineThatIsNoFieldBeginsTheBody) {
  EXPECT_EQ(fix(std::string(whole) + "no field\r\nBcc: of the body\r\n"),
            std::string(whole) + "\r\nno field\r\nBcc: of the body\r\n");
}

TEST(HeaderFixer, CompletesBareAddressesOfPeople) {
  const auto fixed =
      fix("From: root (Cron Daemon)\r\nTo: root\r\nCc: Bob <bob>\r\nX-To: root\r\nSubject: root\r\n\r\n");
  EXPECT_TRUE(
      fixed.starts_with("From: root@x.example (Cron Daemon)\r\nTo: root@x.example\r\nCc: Bob "
                        "<bob@x.example>\r\nX-To: root\r\nSubject: root\r\nDate: "))
      << fixed;
  auto without = fixes();
  without.origin.clear();
  EXPECT_TRUE(fix("To: root\r\n\r\n", without).starts_with("To: root\r\n"));
}

TEST(HeaderFixer, AResentMessageGetsResentFieldsOnTop) {
  EXPECT_EQ(fix("Received: by y\r\nResent-To: b@y.example\r\nSubject: s\r\n\r\n"),
            "Received: by y\r\nResent-From: alice@x.example\r\nResent-Date: Sun, 9 Sep 2001 01:46:40 "
            "+0000\r\nResent-Message-ID: <" +
                id() + "@mail.x.example>\r\nResent-To: b@y.example\r\nSubject: s\r\n\r\n");
}

TEST(HeaderFixer, AResentMessageOfAHiddenRecipientAloneStaysOne) {
  const auto fixed = fix(std::string("Resent-Bcc: b@y.example\r\n") + whole + "\r\n");
  EXPECT_TRUE(Header(fixed).find("Resent-From"));
  EXPECT_FALSE(Header(fixed).find("Resent-Bcc"));
}

std::string sender_in(std::string_view fields, const HeaderFixes& how = fixes_of_alice()) {
  const auto fixed = fix(std::string(fields) + "\r\n", how);
  const Header header(fixed);
  EXPECT_LE(header.count("Sender"), 1U) << fixed;
  const auto found = header.find("Sender");
  return found ? unfold(found->body) : "";
}

TEST(HeaderFixer, NamesTheSubmitterWhereFromIsNotHimAlone) {
  EXPECT_EQ(sender_in("From: alice@x.example\r\n"), "");
  EXPECT_EQ(sender_in("From: Alice <Alice@X.example>\r\n"), "");
  EXPECT_EQ(sender_in("From: alice\r\n"), "");
  EXPECT_EQ(sender_in("Subject: s\r\n"), "");
  EXPECT_EQ(sender_in("From: bob@x.example\r\n"), "alice@x.example");
  EXPECT_EQ(sender_in("From: alice@x.example, bob@x.example\r\n"), "alice@x.example");
  EXPECT_EQ(sender_in("From: what is this\r\n"), "alice@x.example");
  EXPECT_EQ(sender_in("From: bob@x.example\r\n", fixes()), "");
  auto with_alias = fixes_of_alice();
  with_alias.is_submitter = [](const smtp::Mailbox& address) { return address.local == "bob"; };
  EXPECT_EQ(sender_in("From: bob@x.example\r\n", with_alias), "");
}

TEST(HeaderFixer, ASenderWhoIsSomebodyElseIsReplaced) {
  EXPECT_EQ(sender_in("Sender: eve@y.example\r\nFrom: bob@x.example\r\n"), "alice@x.example");
  EXPECT_EQ(sender_in("Sender: eve@y.example\r\nFrom: alice@x.example\r\n"), "");
  EXPECT_EQ(sender_in("Sender: alice\r\nFrom: bob@x.example\r\n"), "alice@x.example");
  EXPECT_EQ(sender_in("Sender: eve@y.example\r\nFrom: bob@x.example\r\n", fixes()), "eve@y.example");
}

TEST(HeaderFixer, HoldsNoMoreThanAMebibyte) {
  HeaderFixer fixer(fixes());
  std::string out;
  const std::string field = "X: " + std::string(995, 'x') + "\r\n";
  std::size_t put = 0;
  while (put + field.size() <= HeaderFixer::max_header) {
    ASSERT_TRUE(fixer.put(field, out));
    put += field.size();
  }
  const auto refused = fixer.put(field, out);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::exhausted);
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace godwit::mail
