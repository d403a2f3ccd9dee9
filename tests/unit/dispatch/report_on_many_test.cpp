// SPDX-License-Identifier: Apache-2.0
// A message that fails for so many that one report has no room for them.
#include "unit/dispatch/dispatcher_fixture.hpp"

#include "dispatch/reporter.hpp"
#include "support/event_names.hpp"

namespace godwit::dispatch {
namespace {

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
  // How often each is named in a report.
  std::vector<int> named() const { return named(failed_.size()); }
  std::vector<int> named(std::size_t recipients) const {
    std::vector<int> times(recipients);
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

TEST_F(ReportOnManyTest, NobodyIsSaidToBeReturnedBeforeHisSenderIsTold) {
  testing::EventNames log;
  std::size_t refused = 0;
  auto around = surroundings(log);
  around.on_refused = [&](const std::string&, std::size_t count) { refused += count; };
  Dispatcher dispatcher{Settings{}, router_of(discarding()), around};
  spool_.applies_updates = true;
  spool_.largest = 16U << 20U;
  spool_.most_taken = 1;
  resolver_.fail("MX nowhere.example", dns::Status::no_name, "no such domain");
  spawn([&]() -> boost::asio::awaitable<void> {
    auto start = dispatcher.start();
    EXPECT_TRUE(co_await std::move(start));
  });
  poll();
  mail::Envelope envelope{
      .sender = smtp::Mailbox{"s", "x.example"}, .accepted = clock_.wall(), .account = "s@x.example"};
  for (std::size_t i = 0; i < 1'200; ++i)
    envelope.recipients.emplace_back().address = {"r" + std::to_string(i), "nowhere.example"};
  spool_.envelopes[{1}] = envelope;
  dispatcher.committed(std::make_shared<const spool::StoredMessage>(
      spool::StoredMessage{.id = {1}, .envelope = std::move(envelope), .body = std::make_shared<EmptyBody>()}));
  poll();
  EXPECT_EQ(log.count("bounced"), 1'000);
  EXPECT_EQ(log.count("deferred"), 200);
  EXPECT_EQ(refused, 1'000U);
  spool_.most_taken = 2;
  pass(1h);
  EXPECT_EQ(log.count("bounced"), 1'200);
  EXPECT_EQ(refused, 1'200U);
}

TEST_F(ReportOnManyTest, WhoseDelayWasToldIsNotToldAgainWithTheOthers) {
  constexpr std::size_t all = 2'200;
  spool_.applies_updates = true;
  resolver_.fail("MX late.example");
  mail::Envelope envelope;
  envelope.accepted = clock_.wall();
  for (std::size_t i = 0; i < all; ++i)
    envelope.recipients.emplace_back().address = {"r" + std::to_string(i), "late.example"};
  const auto id = commit(std::move(envelope));
  spool_.largest = 16U << 20U;
  spool_.most_taken = 1;
  pass(14h);  // several attempts, of which one tells what it can
  EXPECT_EQ(spool_.taken.size(), 1U);
  EXPECT_FALSE(spool_.envelopes.at(id).warned);
  spool_.most_taken = 2;
  pass(5h);
  EXPECT_EQ(spool_.taken.size(), 2U);
  spool_.most_taken = 100;
  pass(10h);
  EXPECT_EQ(spool_.taken.size(), 3U);
  EXPECT_TRUE(spool_.envelopes.at(id).warned);
  EXPECT_THAT(named(all), ::testing::Each(1));
}

}  // namespace
}  // namespace godwit::dispatch
