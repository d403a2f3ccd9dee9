// SPDX-License-Identifier: Apache-2.0
// Whom is told of held mail, when, and in which words.
#include "dispatch/quarantine_notice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "dispatch/notice_book.hpp"
#include "godwit/base/text.hpp"
#include "godwit/dispatch/quarantine_notices.hpp"
#include "support/let_others_run.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"
#include "support/sim_disk.hpp"
#include "unit/dispatch/fake_spool.hpp"

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
  EXPECT_TRUE(book.add("one.more@x.example", id_one)) << "in the place of who was told";
  EXPECT_FALSE(book.was_told_since("a@x.example", base::WallTime{}));
  EXPECT_FALSE(book.add("too.many@x.example", id_one)) << "all wait";
  EXPECT_TRUE(book.add("r1@x.example", id_two));
  EXPECT_THAT(book.take_due(at_noon, 1h), SizeIs(NoticeBook::most_recipients));
  EXPECT_TRUE(book.add("too.many@x.example", id_one));
}

TEST(NoticeBook, ItSurvivesARestart) {
  NoticeBook book;
  book.add("told one@x.example", id_two);
  book.take_due(at_noon, 1h);
  book.add("told one@x.example", id_three);
  book.add("new@x.example", id_one);
  NoticeBook again;
  again.decode("no line of ours\n" + book.encode(book.youngest()) + "x y z\n");
  EXPECT_EQ(again.encode(id_three), book.encode(id_three));
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

// What is listed can fail, or be interrupted by what comes meanwhile.
class HoldingSpool final : public FakeSpool {
 public:
  boost::asio::awaitable<base::Result<>> for_each_live(spool::Listing,
                                                       std::function<bool(const spool::Summary&)> each) override {
    for (const auto& [id, envelope] : envelopes) {
      spool::Summary summary;
      summary.id = id;
      summary.held = envelope.held;
      each(summary);
    }
    if (meanwhile) meanwhile();
    co_await test::let_others_run(10);
    co_return fails ? base::fail(base::ErrorKind::io, "it fails") : base::Result<>();
  }
  std::function<void()> meanwhile;
  bool fails = false;
};

class QuarantineRecallTest : public ::testing::Test {
 protected:
  // So many microseconds after the first.
  static base::MessageId id_at(std::uint64_t microseconds) {
    return {(std::uint64_t{1} << 55U) + (microseconds << 12U)};
  }
  mail::Envelope held() {
    mail::Envelope envelope;
    envelope.held = true;
    envelope.accepted = clock_.wall();
    auto& recipient = envelope.recipients.emplace_back();
    recipient.address = {"r", "x.example"};
    recipient.last_reply = "it has a virus";
    return envelope;
  }
  static std::shared_ptr<const route::Router> router() {
    route::Settings settings;
    settings.hostname = "mail.example";
    settings.domains["x.example"].deliver.kind = route::DeliverKind::maildir;
    return std::make_shared<const route::Router>(std::move(settings), route::Lookups{}, std::vector<base::Endpoint>{});
  }
  QuarantineNotices notices_of(std::shared_ptr<const route::Router> router) {
    return {{.home = io_.get_executor(),
             .deadlines = deadlines_,
             .spool = spool_,
             .file = file_,
             .hostname = "mail.example",
             .clock = clock_,
             .log = log::null_logger(),
             .signers = [] { return std::shared_ptr<const mailauth::Signers>(); }},
            {.notify = true},
            std::move(router)};
  }
  void run_and_stop(QuarantineNotices& notices) {
    boost::asio::co_spawn(io_, notices.run(), boost::asio::detached);
    boost::asio::co_spawn(io_, notices.stop(), boost::asio::detached);
    io_.restart();
    io_.run();
  }
  // Until it was stopped while it recalls; what it remembers.
  std::string recall() {
    auto notices = notices_of(router());
    if (comes_)
      spool_.meanwhile = [&] {
        notices.committed(std::make_shared<const spool::StoredMessage>(
            spool::StoredMessage{.id = *comes_, .envelope = held(), .body = std::make_shared<EmptyBody>()}));
      };
    run_and_stop(notices);
    spool_.meanwhile = {};
    return testing::run_awaitable(io_, file_.read()).value();
  }
  void remember(base::MessageId youngest) {
    ASSERT_TRUE(testing::run_awaitable(io_, file_.write(NoticeBook().encode(youngest))));
  }

  testing::ManualClock clock_;
  net::Deadlines deadlines_{clock_};
  boost::asio::io_context io_;
  test::SimDisk disk_;
  state::SmallFile file_{"/state", "quarantine_notices", disk_, io_.get_executor()};
  HoldingSpool spool_;
  std::optional<base::MessageId> comes_;
};

TEST_F(QuarantineRecallTest, WhatWasNotRecalledToItsEndIsRecalledAgain) {
  clock_.now += 24h;
  remember(id_at(0));
  comes_ = id_at(9'000'000'000);
  spool_.fails = true;
  EXPECT_THAT(recall(), HasSubstr("youngest " + base::to_string(id_at(0)) + "\n"));
  spool_.fails = false;
  EXPECT_THAT(recall(), HasSubstr("youngest " + base::to_string(*comes_) + "\n"));
}

TEST_F(QuarantineRecallTest, WhatAYoungerOneOvertookIsRecalled) {
  clock_.now += 24h;
  remember(id_at(9'000'000'000));
  spool_.envelopes[id_at(0)] = held();  // long before: was recalled
  spool_.envelopes[id_at(8'900'000'000)] = held();
  const auto text = recall();
  EXPECT_THAT(text, HasSubstr(base::to_string(id_at(8'900'000'000))));
  EXPECT_THAT(text, Not(HasSubstr(base::to_string(id_at(0)))));
}

// Knows every domain, and is reloaded while it is asked.
class ReloadedTable final : public lookup::Table {
 public:
  const std::string& name() const override { return name_; }
  std::optional<lookup::Answer> recall(const std::string&) override { return {}; }
  boost::asio::awaitable<lookup::Answer> ask(std::string) override {
    reload();
    co_await test::let_others_run();
    was_kept = !router.expired();
    co_return lookup::present();
  }
  std::function<void()> reload;
  std::weak_ptr<const route::Router> router;
  bool was_kept = false;

 private:
  std::string name_ = "hosted";
};

TEST_F(QuarantineRecallTest, AReloadWhileADomainIsLookedUpTakesNothingFromTheLookup) {
  clock_.now += 24h;
  remember(id_at(0));
  spool_.envelopes[id_at(9'000'000'000)] = held();
  route::Settings settings;
  settings.hostname = "mail.example";
  settings.domains["table:hosted"].deliver.kind = route::DeliverKind::discard;
  const auto table = std::make_shared<ReloadedTable>();
  const route::Lookups lookups{.accounts = nullptr, .tables = {{"hosted", table}}};
  auto first = std::make_shared<const route::Router>(settings, lookups, std::vector<base::Endpoint>{});
  table->router = first;
  auto notices = notices_of(std::move(first));
  table->reload = [&] { notices.reload({.notify = true}, router()); };
  run_and_stop(notices);
  EXPECT_TRUE(table->was_kept);
}

}  // namespace
}  // namespace godwit::dispatch
