// SPDX-License-Identifier: Apache-2.0
// The dispatcher as a whole, in virtual time: mail for domains whose messages are discarded.
#include "godwit/dispatch/dispatcher.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dispatch/reporter.hpp"
#include "dispatch/suspensions.hpp"
#include "godwit/disk/disk.hpp"
#include "godwit/lookup/table.hpp"
#include "support/fake_resolver.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"
#include "support/sim_disk.hpp"
#include "unit/dispatch/dispatcher_fixture.hpp"

namespace godwit::dispatch {
namespace {

using ::testing::ElementsAre;

// Goes on with another, and can be set.
class JumpingClock final : public base::Clock {
 public:
  explicit JumpingClock(const base::Clock& clock) : clock_(clock) {}
  base::WallTime wall() const override { return clock_.wall() + off; }
  base::MonoTime mono() const override { return clock_.mono(); }
  base::Duration off{};

 private:
  const base::Clock& clock_;
};

// Where the spool takes none: false, it is to be tried again.
TEST_F(DispatcherTest, NobodyIsToldOfANoticeThatFails) {
  Surroundings around{.home = io_.get_executor(),
                      .network = network_,
                      .resolver = resolver_,
                      .spool = spool_,
                      .maildir = maildir_,
                      .lanes = {},
                      .clock = clock_,
                      .random = random_,
                      .log = log::null_logger()};
  Reporter reporter("mail.example", around);
  const auto is_settled = [&](const std::string& protocol) {
    mail::Envelope envelope;
    envelope.protocol = protocol;
    envelope.recipients.emplace_back().address = {"r", "a.example"};
    mail::DsnRecipient failed;
    failed.recipient = envelope.recipients.front();
    auto original = std::make_shared<const spool::StoredMessage>(
        spool::StoredMessage{.id = {1}, .envelope = envelope, .body = std::make_shared<EmptyBody>()});
    return testing::run_awaitable(
               io_, reporter.report(mail::DsnKind::failure, std::move(original), {failed}, router_of(discarding())))
        .empty();
  };
  EXPECT_FALSE(is_settled("internal"));
  EXPECT_TRUE(is_settled("notice"));
}

TEST_F(DispatcherTest, WhatIsCommittedIsDeliveredAndRecorded) {
  commit({"a.example", "b.example"});
  EXPECT_EQ(told(), (Told{"0 delivered", "1 delivered"}));
}

TEST_F(DispatcherTest, WhatIsCommittedIsDeliveredFromMemory) {
  commit({"a.example"});
  EXPECT_EQ(told(), Told{"0 delivered"});
  EXPECT_EQ(spool_.reads, 0);
}

// MT-PRIORITY, though the other message came first.
TEST_F(DispatcherTest, WhatIsUrgentGoesFirst) {
  spool_.is_keeping_up = false;
  const auto usual = commit(of_priority(0));
  const auto urgent = commit(of_priority(3));
  spool_.is_keeping_up = true;
  pass(2s);
  EXPECT_THAT(updated(), ElementsAre(urgent, usual));
}

TEST_F(DispatcherTest, WhatIsUrgentGoesFirstAfterARestartToo) {
  spool_.is_keeping_up = false;
  for (std::uint64_t id : {1, 2}) {
    spool_.envelopes[{id}] = of_priority(id == 2 ? 3 : 0);
    spool_.envelopes[{id}].sender = smtp::Mailbox{"s", "x.example"};
  }
  Dispatcher restarted{Settings{}, router_of(discarding()), surroundings()};
  spawn([&]() -> boost::asio::awaitable<void> {
    auto start = restarted.start();
    EXPECT_TRUE(co_await std::move(start));
  });
  poll();
  spool_.is_keeping_up = true;
  pass(2s);
  EXPECT_THAT(updated(), ElementsAre(base::MessageId{2}, base::MessageId{1}));
  spawn([&]() -> boost::asio::awaitable<void> { co_await restarted.stop(clock_.now); });
  pass(1h);
}

// What is delivered could not be recorded, and would be delivered again after a restart.
// A crash while the rest of the attempt takes its time delivers nothing twice.
TEST_F(DispatcherTest, WhatWasDeliveredIsRecordedWhileTheAttemptGoesOnForOthers) {
  auto settings = discarding();
  settings.domains["m.example"].deliver = {.kind = route::DeliverKind::maildir, .argument = "/mail/{local}"};
  dispatcher_.reload(Settings{}, router_of(std::move(settings)));
  bool is_slow = false;
  disk_.on_rename([&](const std::string&) { is_slow = true; });
  disk_.set_wait([&](std::uint64_t, bool) -> boost::asio::awaitable<void> {
    if (is_slow) static_cast<void>(co_await network_.sleep_until(clock_.now + 1min));
  });
  mail::Envelope envelope;
  envelope.accepted = clock_.wall();
  for (const char* user : {"a", "b"}) envelope.recipients.emplace_back().address = {user, "m.example"};
  commit(std::move(envelope));
  EXPECT_EQ(told(), Told{});
  pass(90s);
  EXPECT_EQ(told(), Told{"0 delivered"});
  spool_.envelopes.clear();  // which no update changes: the audit would find them waiting
  pass(1h);
  EXPECT_EQ(told(), (Told{"0 delivered", "0 delivered", "1 delivered"}));
}

TEST_F(DispatcherTest, NoDeliveryIsBegunWhileTooMuchWaitsForTheSpool) {
  spool_.is_keeping_up = false;
  const auto id = commit({"a.example"});
  pass(1min);
  EXPECT_EQ(told(), Told{});
  EXPECT_TRUE(retry(id));
  EXPECT_TRUE(dispatcher_.hold(id));
  EXPECT_TRUE(dispatcher_.release(id));
  poll();
  EXPECT_EQ(told(), Told{});
  EXPECT_EQ(spool_.updates.size(), 2U) << "orders are recorded all the same";
  EXPECT_EQ(dispatcher_.counts().active, 0U);
  spool_.is_keeping_up = true;
  pass(1s);
  EXPECT_EQ(told(), Told{"0 delivered"});
}

// Its time was over long ago, and a full disk takes no report of it.
TEST_F(DispatcherTest, WhatCannotBeReportedIsNotTriedAgainAndAgain) {
  mail::Envelope envelope;
  envelope.accepted = clock_.wall() - 24h * 10;
  envelope.recipients.emplace_back().address = {"r", "nowhere.example"};
  commit(std::move(envelope));
  pass(1h);
  const auto attempts = std::ranges::count(resolver_.asked, "MX nowhere.example");
  EXPECT_GT(attempts, 1);
  EXPECT_LT(attempts, 62);
  EXPECT_EQ(told(), Told{}) << "nothing is recorded that nobody was told of";
  EXPECT_EQ(dispatcher_.counts().waiting, 1U);
}

// The spool may not show yet what it was told of the message; the other destination is attempted all the same, and only
// that.
TEST_F(DispatcherTest, WhatIsLeftOfAMessageIsAttemptedAtOnce) {
  spool_.is_keeping_up = false;
  const auto id = commit({"a.example", "b.example"});
  spool_.is_keeping_up = true;
  EXPECT_TRUE(remove(id, {.destination = "a.example"}));
  EXPECT_EQ(told(), (Told{"0 deleted", "1 delivered"}));
  EXPECT_GT(spool_.reads, 0);
  EXPECT_EQ(dispatcher_.counts().waiting, 0U);
}

TEST_F(DispatcherTest, AHoldWhileUsersAreLookedUpHoldsThem) {
  auto settings = discarding();
  settings.domains["a.example"].user_table = "stores";
  dispatcher_.reload(Settings{}, router_of(settings, {.accounts = {},
                                                      .tables = {{"stores", std::make_shared<SlowStores>(network_)}}}));
  const auto id = commit({"a.example"});
  EXPECT_EQ(dispatcher_.counts().active, 1U) << "it asks for the stores";
  EXPECT_TRUE(dispatcher_.hold(id));
  pass(1min);
  EXPECT_EQ(dispatcher_.counts().held, 1U);
  EXPECT_EQ(dispatcher_.counts().items, 1U);
}

// Remembers nothing of what it says: no domain is in it.
class ForgetfulDomains final : public lookup::Table {
 public:
  explicit ForgetfulDomains(const testing::FakeResolver& resolver) : resolver_(resolver) {}
  const std::string& name() const override { return name_; }
  std::optional<lookup::Answer> recall(const std::string&) override { return {}; }
  boost::asio::awaitable<lookup::Answer> ask(std::string) override {
    after_dns += resolver_.asked.empty() ? 0 : 1;
    co_return lookup::absent();
  }
  int after_dns = 0;

 private:
  const testing::FakeResolver& resolver_;
  std::string name_ = "hosted";
};

// What DNS says, and the attempt, may take longer than what a table said counts.
TEST_F(DispatcherTest, DomainsAreLookedUpAgainWhenTheWayIsFoundAndWhenItFailed) {
  auto settings = discarding();
  settings.domains["table:hosted"].deliver.kind = route::DeliverKind::discard;
  const auto hosted = std::make_shared<ForgetfulDomains>(resolver_);
  dispatcher_.reload(Settings{}, router_of(settings, {.accounts = {}, .tables = {{"hosted", hosted}}}));
  resolver_.fail("MX nowhere.example");
  commit({"nowhere.example"});
  EXPECT_EQ(resolver_.asked.front(), "MX nowhere.example");
  EXPECT_EQ(hosted->after_dns, 3) << "for the sender and the recipient, and again for the recipient";
}

// What the spool holds and the queue does not know is found while mail flows, counted, and delivered.
TEST_F(DispatcherTest, WhatTheQueueForgotIsFoundByTheAudit) {
  commit({"b.example"});
  spool_.envelopes.clear();
  mail::Envelope forgotten;
  forgotten.sender = smtp::Mailbox{"s", "x.example"};
  forgotten.accepted = clock_.wall();
  forgotten.recipients.emplace_back().address = {"r", "a.example"};
  spool_.envelopes[{77}] = forgotten;
  pass(9min);
  EXPECT_EQ(spool_.updates.size(), 1U);
  EXPECT_EQ(dispatcher_.audit().checked, 0U);
  pass(2min);
  EXPECT_EQ(dispatcher_.audit().checked, 1U);
  EXPECT_EQ(dispatcher_.audit().errors, 1U);
  ASSERT_EQ(spool_.updates.size(), 2U);
  EXPECT_EQ(spool_.updates.back().first, base::MessageId{77});
  spool_.envelopes.clear();  // which no update changes: it would be found again
  pass(10min);
  EXPECT_EQ(dispatcher_.audit().errors, 1U);
}

TEST_F(DispatcherTest, WhatTheQueueForgotIsFoundAtTheStop) {
  mail::Envelope forgotten;
  forgotten.accepted = clock_.wall();
  forgotten.recipients.emplace_back().address = {"r", "a.example"};
  spool_.envelopes[{77}] = forgotten;
  spawn([this]() -> boost::asio::awaitable<void> {
    auto stopping = dispatcher_.stop(clock_.now);
    co_await std::move(stopping);
    auto auditing = dispatcher_.last_audit(clock_.now + 5s);
    co_await std::move(auditing);
  });
  poll();
  EXPECT_EQ(dispatcher_.audit().checked, 1U);
  EXPECT_EQ(dispatcher_.audit().errors, 1U);
}

// The list may have it before its notice comes, and it may be delivered by then.
TEST_F(DispatcherTest, WhatIsCommittedWhileTheStartListsIsDeliveredOnce) {
  mail::Envelope envelope;
  envelope.accepted = clock_.wall();
  envelope.recipients.emplace_back().address = {"r", "a.example"};
  spool_.envelopes[{1}] = spool_.envelopes[{2}] = envelope;
  spool_.recovered = {1};
  Dispatcher starting{Settings{}, router_of(discarding()), surroundings(log::null_logger())};
  spawn([&]() -> boost::asio::awaitable<void> {
    auto start = starting.start();
    EXPECT_TRUE(co_await std::move(start));
  });
  poll();
  EXPECT_EQ(told(), Told{"0 delivered"});
  starting.committed(std::make_shared<const spool::StoredMessage>(
      spool::StoredMessage{.id = {2}, .envelope = envelope, .body = std::make_shared<EmptyBody>()}));
  poll();
  EXPECT_EQ(told(), (Told{"0 delivered", "0 delivered"}));
  spawn([&]() -> boost::asio::awaitable<void> { co_await starting.stop(clock_.now); });
  pass(1h);
}

// The clock is set, or one ends: a restart finds them as they are.
TEST_F(DispatcherTest, SuspensionsAreWrittenAsTheClockSays) {
  state::SmallFile file("/state", "suspensions", disk_, io_.get_executor());
  JumpingClock clock(clock_);
  Dispatcher dispatcher{Settings{},
                        router_of(discarding()),
                        {.home = io_.get_executor(),
                         .network = network_,
                         .resolver = resolver_,
                         .spool = spool_,
                         .maildir = maildir_,
                         .lanes = {{.executor = io_.get_executor()}},
                         .clock = clock,
                         .random = random_,
                         .log = log::null_logger(),
                         .suspensions = &file}};
  const auto written = [&] { return decode_suspensions(testing::run_awaitable(io_, file.read()).value_or("")); };
  const auto end = clock.wall() + 2h;
  spawn([&]() -> boost::asio::awaitable<void> {
    auto start = dispatcher.start();
    EXPECT_TRUE(co_await std::move(start));
    auto suspending = dispatcher.suspend("a.example", {.until = end, .reason = "they asked"});
    EXPECT_TRUE(co_await std::move(suspending));
  });
  poll();
  ASSERT_TRUE(written().contains("a.example"));
  EXPECT_EQ(written()["a.example"].until, end);
  clock.off = 24h;
  pass(5s);
  EXPECT_EQ(written()["a.example"].until, end + 24h);
  pass(3h);
  EXPECT_TRUE(written().empty());
  spawn([&]() -> boost::asio::awaitable<void> { co_await dispatcher.stop(clock_.now); });
  pass(1h);
}

// A stop comes while a message is about to be filed.
class StoppedDispatcherTest : public DispatcherTest {
 protected:
  void file_and_stop() {
    auto settings = discarding();
    settings.domains["a.example"].deliver = {.kind = route::DeliverKind::maildir, .argument = "/mail/{local}"};
    dispatcher_.reload(Settings{}, router_of(settings));
    mail::Envelope envelope;
    envelope.accepted = clock_.wall();
    envelope.recipients.emplace_back().address = {"r", "a.example"};
    hand_in(std::move(envelope));
    spawn([this]() -> boost::asio::awaitable<void> {
      auto stopping = dispatcher_.stop(clock_.now);
      co_await std::move(stopping);
    });
    poll();
  }
};

TEST_F(StoppedDispatcherTest, WhatIsUnderWayIsFinished) {
  file_and_stop();
  EXPECT_EQ(told(), Told{"0 delivered"});
}

// It is due at once in the next process: that was no attempt.
TEST_F(StoppedDispatcherTest, WhatIsNotTriedAnyMoreIsRecordedAsItWas) {
  maildir_.stop();
  file_and_stop();
  EXPECT_TRUE(spool_.updates.empty());
}

TEST_F(DispatcherTest, WhomAReloadGivesAnotherNameIsNotForgotten) {
  auto settings = discarding();
  settings.domains["a.example"].users["r"].kind = route::DeliverKind::discard;
  dispatcher_.reload(Settings{}, router_of(settings));
  spool_.is_keeping_up = false;
  mail::Envelope envelope;
  envelope.accepted = clock_.wall();
  envelope.recipients.emplace_back().address = {"r+x", "a.example"};
  commit(std::move(envelope));
  settings.detail_separator = "-";
  dispatcher_.reload(Settings{}, router_of(settings));
  spool_.is_keeping_up = true;
  pass(2s);
  EXPECT_EQ(told(), Told{"0 delivered"});
  EXPECT_EQ(dispatcher_.counts().items, 0U);
}

}  // namespace
}  // namespace godwit::dispatch
