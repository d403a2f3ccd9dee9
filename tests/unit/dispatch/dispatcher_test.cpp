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
#include "unit/dispatch/fake_spool.hpp"

namespace godwit::dispatch {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

// Time passes only when a test says so.
class StandingNetwork final : public net::Network {
 public:
  StandingNetwork(boost::asio::any_io_executor executor, net::Deadlines& deadlines)
      : executor_(std::move(executor)), deadlines_(deadlines) {}
  net::Task<std::unique_ptr<net::Stream>> connect(base::Endpoint, net::ConnectOptions) override {
    co_return base::fail(base::ErrorKind::refused, "connection refused");
  }
  net::Task<> sleep_until(base::MonoTime until) override {
    net::Signal never(executor_, deadlines_);
    static_cast<void>(co_await never.wait(until));
    co_return base::Result<>();
  }
  base::MonoTime now() const override { return deadlines_.now(); }

 private:
  boost::asio::any_io_executor executor_;
  net::Deadlines& deadlines_;
};

std::shared_ptr<const route::Router> router_of(route::Settings settings, route::Lookups lookups = {}) {
  settings.hostname = "mail.example";
  return std::make_shared<const route::Router>(std::move(settings), std::move(lookups), std::vector<base::Endpoint>{});
}

route::Settings discarding() {
  route::Settings settings;
  for (const char* domain : {"a.example", "b.example"})
    settings.domains[domain].deliver.kind = route::DeliverKind::discard;
  return settings;
}

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

// Has a store for everybody, and takes its time.
class SlowStores final : public lookup::Table {
 public:
  explicit SlowStores(net::Network& network) : network_(network) {}
  const std::string& name() const override { return name_; }
  std::optional<lookup::Answer> recall(const std::string&) override { return {}; }
  boost::asio::awaitable<lookup::Answer> ask(std::string) override {
    auto slept = co_await network_.sleep_until(network_.now() + 10s);
    co_return lookup::present({"maildir:/stores/{local}"});
  }

 private:
  net::Network& network_;
  std::string name_ = "stores";
};

class DispatcherTest : public ::testing::Test {
 protected:
  DispatcherTest() {
    spawn([this]() -> boost::asio::awaitable<void> {
      auto starting = dispatcher_.start();
      const auto started = co_await std::move(starting);
      EXPECT_TRUE(started);
    });
    poll();
  }
  ~DispatcherTest() override {
    spawn([this]() -> boost::asio::awaitable<void> { co_await dispatcher_.stop(clock_.now); });
    poll();
    pass(1h);  // all who sleep wake up and see it
  }

  template <class F>
  void spawn(F task) {
    boost::asio::co_spawn(io_, std::move(task), [](std::exception_ptr failed) {
      if (failed) std::rethrow_exception(failed);
    });
  }
  void poll() {
    io_.restart();
    io_.poll();
  }
  void pass(base::Duration time) {
    for (const auto end = clock_.now + time; clock_.now < end;) {
      clock_.now = std::min(end, deadlines_.next());
      deadlines_.expire(clock_.now);
      poll();
    }
  }

  base::MessageId commit(const std::vector<std::string>& domains) {
    mail::Envelope envelope;
    envelope.accepted = clock_.wall();
    for (const auto& domain : domains) envelope.recipients.emplace_back().address = {"r", domain};
    return commit(std::move(envelope));
  }
  base::MessageId commit(mail::Envelope envelope) {
    const auto id = hand_in(std::move(envelope));
    poll();
    return id;
  }
  base::MessageId hand_in(mail::Envelope envelope) {
    const base::MessageId id{++last_};
    envelope.sender = smtp::Mailbox{"s", "x.example"};
    envelope.next_attempt = clock_.wall();
    spool_.envelopes[id] = envelope;
    dispatcher_.committed(std::make_shared<const spool::StoredMessage>(
        spool::StoredMessage{.id = id, .envelope = std::move(envelope), .body = std::make_shared<EmptyBody>()}));
    return id;
  }
  mail::Envelope of_priority(int priority) const {
    mail::Envelope envelope;
    envelope.accepted = clock_.wall();
    envelope.priority = static_cast<std::int8_t>(priority);
    envelope.recipients.emplace_back().address = {"r", "a.example"};
    return envelope;
  }
  using Order = boost::asio::awaitable<base::Result<>>;
  // False: refused, or not done yet.
  bool is_done(Order order) {
    const auto done = std::make_shared<bool>(false);
    auto following = [](Order ordered, std::shared_ptr<bool> result) -> boost::asio::awaitable<void> {
      const auto answer = co_await std::move(ordered);
      *result = answer.has_value();
    };
    boost::asio::co_spawn(io_, following(std::move(order), done), [](const std::exception_ptr& failed) {
      if (failed) std::rethrow_exception(failed);
    });
    poll();
    return *done;
  }
  bool remove(base::MessageId id, Selector recipients) {
    return is_done(dispatcher_.remove(id, std::move(recipients)));
  }
  bool retry(base::MessageId id, Selector meant = {}) { return is_done(dispatcher_.retry(id, std::move(meant))); }
  // What the spool was told, as "0 delivered" for each recipient.
  std::vector<std::string> told() const {
    std::vector<std::string> all;
    for (const auto& [id, update] : spool_.updates)
      for (const auto& change : update.recipients)
        all.push_back(std::to_string(change.index) + " " + std::string(to_string(change.state)));
    return all;
  }

  std::vector<base::MessageId> updated() const {
    std::vector<base::MessageId> ids;
    for (const auto& [id, update] : spool_.updates) ids.push_back(id);
    return ids;
  }
  Surroundings surroundings(log::Logger& log = log::null_logger()) {
    return {.home = io_.get_executor(),
            .network = network_,
            .resolver = resolver_,
            .spool = spool_,
            .maildir = maildir_,
            .lanes = {{.executor = io_.get_executor()}},
            .clock = clock_,
            .random = random_,
            .log = log};
  }

  testing::ManualClock clock_;
  net::Deadlines deadlines_{clock_};
  boost::asio::io_context io_;
  StandingNetwork network_{io_.get_executor(), deadlines_};
  testing::FakeResolver resolver_;
  FakeSpool spool_;
  base::SeededRandom random_{1};
  test::SimDisk disk_;
  deliver::MaildirAgent maildir_{
      {}, "mail.example", disk_, clock_, random_, io_.get_executor(), io_.get_executor(), deadlines_};
  Dispatcher dispatcher_{Settings{}, router_of(discarding()), surroundings()};
  std::uint64_t last_ = 0;
};
using Told = std::vector<std::string>;

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

class ReportOnManyTest : public DispatcherTest {
 protected:
  ReportOnManyTest() { envelope_.sender = smtp::Mailbox{"s", "x.example"}; }
  // Whose addresses are as long as they may be, and so is what was asked for.
  void to_many(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      mail::DsnRecipient failed;
      failed.index = static_cast<std::uint32_t>(i);
      failed.recipient.address = {name_of(i) + std::string(50, 'l'), std::string(180, 'd') + ".example"};
      failed.recipient.orcpt = "rfc822;" + std::string(480, 'o');
      failed.reply = smtp::make_reply(550, {5, 1, 1}, "There is nobody of that name here");
      envelope_.recipients.push_back(failed.recipient);
      failed_.push_back(std::move(failed));
    }
  }
  static std::string name_of(std::size_t index) { return "r" + std::to_string(index) + "-"; }
  std::vector<std::uint32_t> report() {
    auto around = surroundings();
    Reporter reporter("mail.example", around);
    auto original = std::make_shared<const spool::StoredMessage>(
        spool::StoredMessage{.id = {1}, .envelope = envelope_, .body = std::make_shared<EmptyBody>()});
    return testing::run_awaitable(
        io_, reporter.report(mail::DsnKind::failure, std::move(original), failed_, router_of(discarding())));
  }
  // How often each is named as one who has failed.
  std::vector<int> named() const {
    std::vector<int> times(failed_.size());
    const std::string_view field = "Final-Recipient: rfc822; r";
    for (const std::string& text : spool_.taken)
      for (auto at = text.find(field); at != std::string::npos; at = text.find(field, at + 1))
        ++times.at(std::stoul(text.substr(at + field.size(), 10)));
    return times;
  }

  mail::Envelope envelope_;
  std::vector<mail::DsnRecipient> failed_;
};

// Sanitizers make it ten times as slow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t most_reports = 10;
#else
constexpr std::size_t most_reports = 100;
#endif

// limits.recipients at its most, and limits.message_size at its least.
TEST_F(ReportOnManyTest, EachIsInOneReportOfASizeThatTheSpoolTakes) {
  to_many(most_reports * mail::most_in_a_report);
  spool_.largest = 16U << 20U;
  EXPECT_THAT(report(), ::testing::IsEmpty());
  EXPECT_EQ(spool_.taken.size(), most_reports);
  EXPECT_THAT(named(), ::testing::Each(1));
  EXPECT_NE(spool_.taken[1].find("report 2 of " + std::to_string(most_reports)), std::string::npos);
  for (const auto& text : spool_.taken) EXPECT_LT(text.size(), 4U << 20U);
}

TEST_F(ReportOnManyTest, WhomTheSpoolTookNoReportOfWaitsForIt) {
  to_many(2'500);
  spool_.largest = 16U << 20U;
  spool_.most_taken = 1;
  const auto untold = report();
  ASSERT_EQ(untold.size(), 1'500U);
  EXPECT_EQ(untold.front(), 1'000U);
  EXPECT_EQ(untold.back(), 2'499U);
  EXPECT_EQ(spool_.taken.size(), 1U);
}

// The others are told again, and who was told is not.
TEST_F(ReportOnManyTest, WhoWasToldIsBouncedAndTheOthersWait) {
  EXPECT_TRUE(is_done(dispatcher_.suspend("", {})));
  mail::Envelope envelope;
  envelope.accepted = clock_.wall();
  for (int i = 0; i < 1'200; ++i) envelope.recipients.emplace_back().address = {"r" + std::to_string(i), "a.example"};
  const auto id = commit(std::move(envelope));
  spool_.largest = 16U << 20U;
  spool_.most_taken = 1;
  EXPECT_FALSE(is_done(dispatcher_.bounce(id, "", {})));
  EXPECT_EQ(told().size(), 1'000U);
  EXPECT_FALSE(is_done(dispatcher_.bounce(id, "", {})));
  EXPECT_EQ(told().size(), 1'000U);
  spool_.most_taken = 2;
  EXPECT_TRUE(is_done(dispatcher_.bounce(id, "", {})));
  EXPECT_EQ(told().size(), 1'200U);
  EXPECT_THAT(told(), ::testing::Contains("1199 bounced"));
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

// One message of which a delivery is in each state.
class OrderedStatesTest : public DispatcherTest {
 protected:
  OrderedStatesTest() {
    auto settings = discarding();
    auto& held = settings.routes.emplace_back();
    held.domains = {"held.example"};
    held.hold = true;
    auto& active = settings.domains["active.example"];
    active.deliver.kind = route::DeliverKind::discard;
    active.user_table = "stores";
    dispatcher_.reload(
        Settings{},
        router_of(settings, {.accounts = {}, .tables = {{"stores", std::make_shared<SlowStores>(network_)}}}));
    resolver_.fail("MX waiting.example");
    EXPECT_TRUE(is_done(dispatcher_.suspend("due.example", {})));
    mail::Envelope envelope;
    envelope.accepted = clock_.wall();
    for (const auto state : states) {
      auto& recipient = envelope.recipients.emplace_back();
      recipient.address = {"r", std::string(to_string(state)) + ".example"};
      recipient.notify = smtp::notify_never;  // the spool takes no report
    }
    id_ = commit(std::move(envelope));
    spool_.updates.clear();
  }
  std::map<std::string, queue::State> shown() {
    std::map<std::string, queue::State> result;
    spawn([&]() -> boost::asio::awaitable<void> {
      auto showing = dispatcher_.show(id_);
      const auto entry = co_await std::move(showing);
      for (const auto& item : entry.value().items) result[item.key.destination] = item.state;
    });
    poll();
    return result;
  }

  // Once nobody works on the message any more, orders read it from the spool.
  void let_next_read_wait() {
    pass(30s);
    spool_.updates.clear();
    spool_.before_next_read = [this]() -> boost::asio::awaitable<void> {
      static_cast<void>(co_await network_.sleep_until(clock_.now + 1s));
    };
  }

  static constexpr queue::State states[] = {queue::State::waiting, queue::State::due, queue::State::active,
                                            queue::State::held};
  base::MessageId id_;
};

struct OrderedEnd {
  bool bounces;
  queue::State state;
};
class EndedByStateTest : public OrderedStatesTest, public ::testing::WithParamInterface<OrderedEnd> {};

TEST_P(EndedByStateTest, OnlyWhatIsInThatStateEnds) {
  const auto [bounces, state] = GetParam();
  const auto destination = std::string(to_string(state)) + ".example";
  auto before = shown();
  ASSERT_EQ(before.size(), 4U);
  for (const auto each : states) ASSERT_EQ(before[std::string(to_string(each)) + ".example"], each) << to_string(each);
  const Selector selector{.state = state};
  const bool is_left_alone = bounces && state == queue::State::active;
  EXPECT_EQ(is_done(bounces ? dispatcher_.bounce(id_, "", selector) : dispatcher_.remove(id_, selector)),
            !is_left_alone);
  const auto index = std::to_string(std::ranges::find(states, state) - std::begin(states));
  EXPECT_EQ(told(), is_left_alone ? Told{} : Told{index + (bounces ? " bounced" : " deleted")});
  if (state != queue::State::active) before.erase(destination);
  EXPECT_EQ(shown(), before) << "the others wait on as they did";
}
INSTANTIATE_TEST_SUITE_P(
    Orders, EndedByStateTest,
    ::testing::Values(OrderedEnd{false, queue::State::waiting}, OrderedEnd{false, queue::State::due},
                      OrderedEnd{false, queue::State::active}, OrderedEnd{false, queue::State::held},
                      OrderedEnd{true, queue::State::waiting}, OrderedEnd{true, queue::State::due},
                      OrderedEnd{true, queue::State::active}, OrderedEnd{true, queue::State::held}),
    [](const auto& each) {
      return (each.param.bounces ? "bounce_" : "delete_") + std::string(to_string(each.param.state));
    });

TEST_F(OrderedStatesTest, WithoutAStateAllEndButWhatABounceLeavesInDelivery) {
  EXPECT_TRUE(is_done(dispatcher_.bounce(id_, "", {})));
  EXPECT_EQ(told(), (Told{"0 bounced", "1 bounced", "3 bounced"}));
  EXPECT_TRUE(is_done(dispatcher_.remove(id_, {})));
  EXPECT_EQ(told().back(), "2 deleted");
}

TEST_F(OrderedStatesTest, StateAndDestinationMustBothHold) {
  EXPECT_FALSE(remove(id_, {.destination = "held.example", .state = queue::State::waiting}));
  EXPECT_FALSE(remove(id_, {.older = 1h}));
  EXPECT_EQ(told(), Told{});
  EXPECT_EQ(shown().size(), 4U);
}

// While the disk lets the first order wait, what it keeps from delivery looks as if it were held.
TEST_F(OrderedStatesTest, WhatAnotherOrderKeepsIsNotTakenForHeld) {
  let_next_read_wait();
  EXPECT_FALSE(remove(id_, {.destination = "due.example"}));
  EXPECT_FALSE(remove(id_, {.state = queue::State::held}));
  pass(1s);
  EXPECT_EQ(told(), Told{"1 deleted"});
  EXPECT_TRUE(remove(id_, {.state = queue::State::held}));
  EXPECT_EQ(told(), (Told{"1 deleted", "3 deleted"}));
}

TEST_F(OrderedStatesTest, WhatIsReleasedWhileAnOrderWaitsIsNotBegunTwice) {
  let_next_read_wait();
  EXPECT_FALSE(is_done(dispatcher_.bounce(id_, "", {.recipient = "nobody@*"})));
  const auto asked = std::ranges::count(resolver_.asked, "MX waiting.example");
  EXPECT_TRUE(dispatcher_.release(id_));
  poll();
  const auto released = shown();
  pass(1s);
  EXPECT_EQ(shown(), released);
  EXPECT_EQ(std::ranges::count(resolver_.asked, "MX waiting.example"), asked + 1);
}

TEST_F(DispatcherTest, OnlyWhatIsMeantIsTriedAgain) {
  for (const char* domain : {"one.example", "two.example"}) resolver_.fail("MX " + std::string(domain));
  const auto id = commit({"one.example", "two.example"});
  const auto asked = [this] {
    return std::vector{std::ranges::count(resolver_.asked, "MX one.example"),
                       std::ranges::count(resolver_.asked, "MX two.example")};
  };
  ASSERT_THAT(asked(), ElementsAre(1, 1));
  EXPECT_TRUE(retry(id, {.destination = "one.example"}));
  EXPECT_THAT(asked(), ElementsAre(2, 1));
  EXPECT_TRUE(retry(id, {.recipient = "r@two.*"}));
  EXPECT_THAT(asked(), ElementsAre(2, 2));
  EXPECT_TRUE(retry(id, {.recipient = "@one.example", .state = queue::State::waiting}));
  EXPECT_THAT(asked(), ElementsAre(3, 2));
  EXPECT_FALSE(retry(id, {.state = queue::State::held}));
  EXPECT_FALSE(retry(id, {.recipient = "x@one.example"}));
  EXPECT_FALSE(retry({4711}));
  EXPECT_THAT(asked(), ElementsAre(3, 2));
  EXPECT_TRUE(retry(id));
  EXPECT_THAT(asked(), ElementsAre(4, 3));
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
