// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/limits.hpp"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "policy/limit_table.hpp"

namespace godwit::policy {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr base::MonoTime start{1h};
constexpr std::size_t endless = 1000;

base::IpAddress at_address(const char* text) {
  return *base::IpAddress::parse(text);
}

Settings with(Limited what, base::Rate rate) {
  Settings settings;
  settings.rates[static_cast<std::size_t>(what)] = rate;
  return settings;
}

Settings with_account(Limited what, std::vector<base::Rate> rates) {
  Settings settings;
  settings.account_rates[static_cast<std::size_t>(what)] = std::move(rates);
  return settings;
}

LimitRule rule(LimitBy by, Limited what, base::Rate rate) {
  LimitRule made{.by = by};
  made.of(what).push_back(rate);
  return made;
}

Settings with(LimitRule made) {
  Settings settings;
  settings.limits.push_back(std::move(made));
  return settings;
}

const Limits::Who client{.client = at_address("192.0.2.1")};
const Limits::Who of_alice{.account = "alice"};
const Limits::Who of_bob{.account = "bob"};

std::size_t taken_at_once(Limits& limits, const Limits::Who& who, base::MonoTime now,
                          Limited what = Limited::messages) {
  std::size_t count = 0;
  while (count < endless && !limits.take({what}, who, now)) ++count;
  return count;
}

TEST(Limits, WithoutRulesAllIsFree) {
  Limits limits{Settings{}};
  EXPECT_FALSE(limits.count(Limited::messages));
  EXPECT_EQ(taken_at_once(limits, client, start), endless);
  EXPECT_EQ(limits.owe(Limited::commands, 1'000'000, client, start), 0s);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(limits.take_recipient(of_alice, std::to_string(i) + ".example", start));
}

TEST(Limits, TheWholePeriodMayComeAtOnceAndComesBackSteadily) {
  Limits limits{with(Limited::messages, {.count = 60, .period = 1min})};
  EXPECT_EQ(taken_at_once(limits, client, start), 60U);
  EXPECT_EQ(taken_at_once(limits, client, start + 999ms), 0U);
  EXPECT_EQ(taken_at_once(limits, client, start + 1s), 1U);
  EXPECT_EQ(taken_at_once(limits, client, start + 11s), 10U);
  EXPECT_EQ(taken_at_once(limits, client, start + 10min), 60U) << "absence earns no more than one period";
}

TEST(Limits, EachNetworkAndEachKindIsCountedForItself) {
  auto settings = with(Limited::messages, {.count = 2, .period = 1min});
  settings.rates[static_cast<std::size_t>(Limited::recipients)] = {.count = 1, .period = 1min};
  Limits limits{settings};
  EXPECT_EQ(taken_at_once(limits, client, start), 2U);
  EXPECT_EQ(taken_at_once(limits, client, start, Limited::recipients), 1U);
  EXPECT_EQ(taken_at_once(limits, {.client = at_address("192.0.2.2")}, start), 2U);
  EXPECT_EQ(taken_at_once(limits, {.client = at_address("2001:db8::1")}, start), 2U);
  EXPECT_EQ(taken_at_once(limits, {.client = at_address("2001:db8::2")}, start), 0U) << "the same /64";
}

TEST(Limits, WiderNetworksMayCountAsOne) {
  auto made = rule(LimitBy::client, Limited::messages, {.count = 2, .period = 1min});
  made.ipv4_prefix = 24;
  Limits limits{with(made)};
  EXPECT_EQ(taken_at_once(limits, client, start), 2U);
  EXPECT_EQ(taken_at_once(limits, {.client = at_address("192.0.2.99")}, start), 0U);
  EXPECT_EQ(limits.fullest(9, start).front().key, "192.0.2.0/24");
}

TEST(Limits, HelloSenderRecipientAndAccountAreKeys) {
  const base::Rate once{.count = 1, .period = 1h};
  const auto limited = [&](LimitBy by, Limits::Who who, Limits::Who other) {
    Limits limits{with(rule(by, Limited::messages, once))};
    who.client = other.client = at_address("192.0.2.1");
    EXPECT_EQ(taken_at_once(limits, who, start), 1U) << to_string(by);
    EXPECT_EQ(taken_at_once(limits, other, start), 1U) << to_string(by);
    EXPECT_EQ(taken_at_once(limits, {.client = at_address("192.0.2.1")}, start), endless)
        << to_string(by) << " is not known";
    return to_line(reply_to(*limits.take({Limited::messages}, who, start)));
  };
  EXPECT_EQ(limited(LimitBy::hello, {.hello = "A.example"}, {.hello = "b.example"}),
            "450 4.7.1 Too many messages from hosts of your HELO name: 1/1h at most, try again in 1h");
  EXPECT_EQ(limited(LimitBy::sender, {.sender = "a@a.example"}, {.sender = "b@a.example"}),
            "450 4.7.1 Too many messages from this sender: 1/1h at most, try again in 1h");
  EXPECT_EQ(limited(LimitBy::recipient, {.recipient = "a@a.example"}, {.recipient = "b@a.example"}),
            "450 4.7.1 Too many messages for this recipient: 1/1h at most, try again in 1h");
  EXPECT_EQ(limited(LimitBy::account, {.account = "a"}, {.account = "b"}),
            "450 4.7.1 Too many messages from your account: 1/1h at most, try again in 1h");
}

TEST(Limits, SpellingMakesNoOther) {
  Limits limits{with(rule(LimitBy::sender, Limited::messages, {.count = 2, .period = 1h}))};
  EXPECT_EQ(taken_at_once(limits, {.sender = "a@A.example"}, start), 2U);
  EXPECT_EQ(taken_at_once(limits, {.sender = "A@a.example"}, start), 0U);
}

TEST(Limits, TrustedAndExemptClientsAreCountedByAccountOnly) {
  auto made = rule(LimitBy::sender, Limited::messages, {.count = 1, .period = 1h});
  made.exempt = {*base::IpNetwork::parse("198.51.100.0/24")};
  auto settings = with(made);
  settings.account_rates[static_cast<std::size_t>(Limited::messages)] = {{.count = 3, .period = 1h}};
  Limits limits{settings};
  EXPECT_EQ(taken_at_once(limits, {.client = at_address("198.51.100.7"), .sender = "a@a.example"}, start), endless);
  EXPECT_EQ(taken_at_once(limits, {.client = at_address("192.0.2.1"), .trusted = true, .sender = "a@a.example"}, start),
            endless);
  EXPECT_EQ(taken_at_once(limits, {.client = at_address("192.0.2.1"), .sender = "a@a.example"}, start), 1U);
  EXPECT_EQ(taken_at_once(limits, {.client = at_address("192.0.2.1"), .trusted = true, .account = "alice"}, start), 3U);
}

TEST(Limits, WhoDoesTooMuchWaitsUntilItIsPaidBack) {
  Limits limits{with(Limited::commands, {.count = 100, .period = 10s})};
  EXPECT_EQ(limits.owe(Limited::commands, 100, client, start), 0s);
  EXPECT_EQ(limits.owe(Limited::commands, 10, client, start), 1s);
  EXPECT_EQ(limits.owe(Limited::commands, 1, client, start + 1s), 100ms);
  EXPECT_LE(limits.owe(Limited::commands, 1'000'000, client, start + 1h), 10s) << "no wait is endless";
}

TEST(Limits, AMessageIsTakenWhileABytesIsLeftAndWhatIsBeyondIsOwed) {
  constexpr std::uint64_t mib = 1 << 20;
  Limits limits{with(rule(LimitBy::client, Limited::bytes, {.count = 10 * mib, .period = 10min}))};
  limits.owe(Limited::bytes, 9 * mib, client, start);
  EXPECT_FALSE(limits.exhausted(Limited::bytes, client, start));
  limits.owe(Limited::bytes, 3 * mib, client, start);
  const auto refusal = limits.exhausted(Limited::bytes, client, start);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(to_line(reply_to(*refusal)),
            "450 4.7.1 Too many bytes from your address: 10MiB/10m at most, try again in 2m1s");
  EXPECT_FALSE(limits.exhausted(Limited::bytes, client, start + 2min + 1s));
  limits.owe(Limited::bytes, 1ULL << 40U, client, start + 1h);
  EXPECT_FALSE(limits.exhausted(Limited::bytes, client, start + 1h + 1s)) << "one message uses no more than a period";
}

TEST(Limits, ALargeRateIsCountedByTheByte) {
  constexpr std::uint64_t tib = 1ULL << 40U;
  LimitTable table({.count = tib, .period = 1s});  // a byte is far less than a nanosecond
  table.owe("a", tib / 2, start);
  EXPECT_NEAR(static_cast<double>(table.fullest(1, start).front().used), static_cast<double>(tib) / 2, 2000);
}

TEST(Limits, EveryPeriodCountsAndWhatIsRefusedIsCountedByNone) {
  const base::Rate hour{.count = 2, .period = 1h}, day{.count = 3, .period = 24h};
  Limits limits{with_account(Limited::messages, {hour, day})};
  EXPECT_EQ(taken_at_once(limits, of_alice, start), 2U);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(limits.take({Limited::messages}, of_alice, start)->rate, hour);
  EXPECT_EQ(taken_at_once(limits, of_bob, start), 2U) << "another account";
  EXPECT_EQ(taken_at_once(limits, of_alice, start + 1h), 1U) << "the day's third";
  EXPECT_EQ(limits.take({Limited::messages}, of_alice, start + 1h)->rate, day);
  EXPECT_FALSE(limits.take({Limited::messages}, of_alice, start + 10h)) << "a third of the day's came back";
}

TEST(Limits, ALaterRulesRefusalGivesBackWhatAnEarlierTook) {
  auto settings = with_account(Limited::messages, {{.count = 1, .period = 1h}});
  settings.rates[static_cast<std::size_t>(Limited::messages)] = {.count = 3, .period = 24h};
  Limits limits{settings};
  const Limits::Who who{.client = at_address("192.0.2.1"), .account = "alice"};
  EXPECT_EQ(taken_at_once(limits, who, start), 1U);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limits.take({Limited::messages}, who, start));
  EXPECT_EQ(taken_at_once(limits, client, start), 2U);
}

TEST(Limits, OnlyDomainsNotWrittenToLatelyAreNewDestinations) {
  Limits limits{with_account(Limited::new_destinations, {{.count = 2, .period = 24h}})};
  EXPECT_FALSE(limits.take_recipient(of_alice, "a.example", start));
  EXPECT_FALSE(limits.take_recipient(of_alice, "b.example", start));
  const auto refusal = limits.take_recipient(of_alice, "c.example", start);
  ASSERT_TRUE(refusal);
  EXPECT_THAT(to_line(reply_to(*refusal)), ::testing::HasSubstr("Too many new destinations from your account"));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limits.take_recipient(of_alice, "a.example", start));
}

TEST(Limits, ARefusedRecipientMakesNoDestinationKnown) {
  auto settings = with_account(Limited::new_destinations, {{.count = 5, .period = 24h}});
  settings.account_rates[static_cast<std::size_t>(Limited::recipients)] = {{.count = 1, .period = 1h}};
  Limits limits{settings};
  EXPECT_FALSE(limits.take_recipient(of_alice, "a.example", start));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limits.take_recipient(of_alice, "b.example", start));
  EXPECT_FALSE(limits.take_recipient(of_alice, "b.example", start + 1h));
}

TEST(Limits, AReloadKeepsWhatWasCountedByRatesThatStay) {
  auto settings = with(Limited::messages, {.count = 3, .period = 1h});
  const Limits before{settings};
  settings.limits.push_back(rule(LimitBy::sender, Limited::messages, {.count = 2, .period = 1h}));
  Limits first{settings, &before};
  EXPECT_EQ(taken_at_once(first, {.client = at_address("192.0.2.1"), .sender = "a@a.example"}, start), 2U);
  settings.limits.clear();
  Limits second{settings, &first};
  EXPECT_EQ(taken_at_once(second, client, start), 1U);
  settings.rates[static_cast<std::size_t>(Limited::messages)].count = 5;
  Limits third{settings, &second};
  EXPECT_EQ(taken_at_once(third, client, start), 5U) << "another rate";
}

TEST(Limits, ARuleThatStandsTwiceCountsOnce) {
  auto settings = with(rule(LimitBy::account, Limited::messages, {.count = 2, .period = 1h}));
  settings.limits.push_back(settings.limits.front());
  Limits limits{settings};
  EXPECT_EQ(taken_at_once(limits, of_alice, start), 2U);
  EXPECT_THAT(limits.counted(), SizeIs(1));
}

TEST(Limits, TheFullestAreShownAndReset) {
  auto settings = with(Limited::messages, {.count = 10, .period = 10min});
  settings.limits.push_back(rule(LimitBy::sender, Limited::messages, {.count = 4, .period = 1h}));
  Limits limits{settings};
  const Limits::Who who{.client = at_address("192.0.2.1"), .sender = "a@a.example"};
  EXPECT_EQ(taken_at_once(limits, who, start), 4U);
  const auto all = limits.fullest(10, start);
  EXPECT_THAT(all, ElementsAre(Field(&Limits::Used::key, "a@a.example"), Field(&Limits::Used::key, "192.0.2.1/32")));
  EXPECT_EQ(all[0].used, 4U);
  EXPECT_EQ(all[0].wait, 15min);
  EXPECT_EQ(all[0].until_free, 1h);
  EXPECT_EQ(all[1].used, 4U);
  EXPECT_EQ(all[1].wait, 0s);
  EXPECT_THAT(limits.fullest(1, start), SizeIs(1));
  EXPECT_THAT(limits.fullest(1, start, 1), ElementsAre(Field(&Limits::Used::key, "192.0.2.1/32")));
  EXPECT_THAT(limits.fullest(1, start, 2), IsEmpty());
  EXPECT_THAT(limits.fullest(10, start + 1h), IsEmpty());
  EXPECT_EQ(limits.reset("A@a.example"), 1U);
  EXPECT_EQ(limits.reset("192.0.2.1"), 1U) << "the address stands for its network";
  EXPECT_EQ(limits.reset("192.0.2.1/32"), 0U);
  EXPECT_EQ(taken_at_once(limits, who, start), 4U);
}

TEST(Limits, RefusalsAreAddedUpByRate) {
  Limits limits{with(Limited::messages, {.count = 2, .period = 1h})};
  for (int i = 0; i < 5; ++i) limits.take({Limited::messages}, client, start);
  const auto counted = limits.counted();
  ASSERT_THAT(counted, SizeIs(1));
  EXPECT_EQ(counted.front().refusals, 3U);
  EXPECT_EQ(counted.front().keys, 1U);
}

TEST(LimitTable, AFloodOfNamesPushesOutNobodyWhoIsNearHisLimit) {
  constexpr std::size_t most = 1600;
  LimitTable table({.count = 10, .period = 1h}, most);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(table.take("spammer", start), 0s);
  for (int i = 0; i < 100'000; ++i) table.take("name " + std::to_string(i), start + 1s);
  EXPECT_LE(table.keys(), most);
  EXPECT_GT(table.take("spammer", start + 1s), 0s);
}

TEST(LimitTable, WhoHasEverythingBackIsForgotten) {
  LimitTable table({.count = 10, .period = 1min});
  for (int i = 0; i < 1000; ++i) table.take("name " + std::to_string(i), start);
  EXPECT_EQ(table.keys(), 1000U);
  for (int i = 0; i < 2000; ++i) table.take("other", start + 1min + i * 1s);
  for (int i = 0; i < 1000; ++i) table.take("new " + std::to_string(i), start + 2h);
  EXPECT_LE(table.keys(), 1001U);
  EXPECT_THAT(table.fullest(10, start + 4h), IsEmpty());
  table.wait("asked about", start);
  EXPECT_LE(table.keys(), 1001U) << "a question makes no entry";
}

TEST(LimitTable, ManyReactorsMayAsk) {
  LimitTable table({.count = 1000, .period = 24h});
  std::atomic<int> taken = 0;
  const auto take = [&] {
    for (int i = 0; i < 1000; ++i)
      for (const auto* key : {"a", "b"})
        if (table.take(key, start) == 0s) ++taken;
  };
  std::thread first(take), second(take);
  first.join();
  second.join();
  EXPECT_EQ(taken.load(), 2000);
}

}  // namespace
}  // namespace godwit::policy
