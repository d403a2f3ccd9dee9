// SPDX-License-Identifier: Apache-2.0
// Whom is told of held mail, when, and in which words.
#include "dispatch/quarantine_notice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dispatch/notice_book.hpp"
#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr base::WallTime at_noon{std::chrono::hours(24 * 365 * 50 + 12)};
constexpr base::MessageId id_one{1}, id_two{2}, id_three{3};

TEST(NoticeBook, ARecipientHearsAtOnceAndThenOnceInAnInterval) {
  NoticeBook book;
  EXPECT_FALSE(book.next_due(1h));
  book.add("a@x.example", id_one);
  book.add("a@x.example", id_one);
  auto due = book.take_due(at_noon, 1h);
  ASSERT_THAT(due, SizeIs(1));
  EXPECT_THAT(due[0].ids, ElementsAre(id_one));
  book.add("a@x.example", id_two);
  book.add("a@x.example", id_three);
  book.add("b@x.example", id_three);
  due = book.take_due(at_noon + 59min, 1h);
  ASSERT_THAT(due, SizeIs(1));
  EXPECT_EQ(due[0].recipient, "b@x.example");
  EXPECT_EQ(book.next_due(1h), at_noon + 1h);
  due = book.take_due(at_noon + 1h, 1h);
  ASSERT_THAT(due, SizeIs(1));
  EXPECT_THAT(due[0].ids, ElementsAre(id_two, id_three));
  EXPECT_THAT(book.take_due(at_noon + 9h, 1h), IsEmpty());
  EXPECT_EQ(book.youngest(), id_three);
}

TEST(NoticeBook, ItIsBounded) {
  NoticeBook book;
  for (std::uint64_t i = 1; i <= NoticeBook::most_listed + 5; ++i) book.add("a@x.example", base::MessageId{i});
  const auto due = book.take_due(at_noon, 1h);
  EXPECT_EQ(due.at(0).ids.size(), NoticeBook::most_listed);
  EXPECT_EQ(due.at(0).more, 5U);
  for (std::size_t i = 1; i < NoticeBook::most_recipients; ++i)
    EXPECT_TRUE(book.add("r" + std::to_string(i) + "@x.example", id_one));
  EXPECT_FALSE(book.add("too.many@x.example", id_one));
  EXPECT_TRUE(book.add("a@x.example", id_one));
}

TEST(NoticeBook, ItSurvivesARestart) {
  NoticeBook book;
  book.add("told one@x.example", id_two);
  book.take_due(at_noon, 1h);
  book.add("told one@x.example", id_three);
  book.add("new@x.example", id_one);
  NoticeBook again;
  again.decode("no line of ours\n" + book.encode() + "x y z\n");
  EXPECT_EQ(again.encode(), book.encode());
  EXPECT_EQ(again.youngest(), id_three);
  EXPECT_THAT(again.take_due(at_noon + 1min, 1h), SizeIs(1));
  EXPECT_THAT(again.take_due(at_noon + 1h, 1h), SizeIs(1));
}

TEST(NoticeBook, WhatCouldNotBeToldIsToldLater) {
  NoticeBook book;
  book.add("a@x.example", id_one);
  auto due = book.take_due(at_noon, 1h);
  book.put_back(std::move(due.at(0)));
  EXPECT_THAT(book.take_due(at_noon + 1min, 1h), IsEmpty());
  EXPECT_THAT(book.take_due(at_noon + 1h, 1h), SizeIs(1));
}

TEST(QuarantineNotice, WhatASenderWroteIsHarmless) {
  mail::Envelope envelope;
  envelope.sender = smtp::Mailbox{.local = "mod", .domain = "abc.example"};
  mail::Recipient recipient;
  recipient.last_reply = "The message has\r\nno Date";
  const auto held = describe_held(id_one, envelope, recipient,
                                  "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe=0D=0A=0D=0A?=\r\n\t=?utf-8?q?=1B[2J?=" +
                                      std::string(5000, 'x') + "\r\nFrom: a\xFF <a@b.example>\r\n\r\n");
  const auto notice = compose_quarantine_notice({.hostname = "mail.example.com",
                                                 .to = {.local = "alice", .domain = "example.com"},
                                                 .contact = {.local = "postmaster", .domain = "mail.example.com"},
                                                 .held = {held},
                                                 .more = 3},
                                                id_two, at_noon);
  EXPECT_THAT(notice, HasSubstr("    Subject:  Gr\u00FC\u00DFe????"));
  EXPECT_THAT(notice, HasSubstr("    sender:   <mod@abc.example>\r\n"));
  EXPECT_THAT(notice, HasSubstr("    reason:   The message has??no Date\r\n"));
  EXPECT_THAT(notice, HasSubstr("    id:       0000000000001\r\n"));
  EXPECT_THAT(notice, HasSubstr("... and 3 more"));
  EXPECT_THAT(notice, HasSubstr("\r\nAuto-Submitted: auto-generated\r\n"));
  EXPECT_THAT(notice, Not(HasSubstr("\x1B")));
  EXPECT_TRUE(base::is_valid_utf8(notice));
  for (const auto line : base::split(notice, '\n')) EXPECT_LT(line.size(), 500U);
}

}  // namespace
}  // namespace godwit::dispatch
