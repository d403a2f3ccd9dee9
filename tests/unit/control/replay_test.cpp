// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/replay.hpp"

#include <gmock/gmock.h>

#include <fmt/format.h>

namespace godwit::control {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto rejected = ReplayChange::newly_rejected;

ReplayVerdict taken(const std::string& route = "mx", const std::string& tls = "opportunistic") {
  return {.refusal = {}, .rule = {}, .route = route, .tls = tls, .held = {}, .becomes = "<bob@b.example>"};
}
ReplayVerdict refused(const std::string& rule, const std::string& reply) {
  return {.refusal = reply, .rule = rule};
}

class Compared : public ::testing::Test {
 protected:
  void add(const ReplayVerdict& before, const ReplayVerdict& after, const std::string& to = "<bob@b.example>") {
    ReplayedEnvelope envelope{.id = fmt::format("M{}", ++number),
                              .time = base::WallTime(std::chrono::hours(number)),
                              .from = "<a@a.example>"};
    envelope.recipients.push_back({.address = to, .before = before, .after = after});
    comparison.add(envelope);
  }
  void add_refused(const ReplayVerdict& before, const ReplayVerdict& after) {
    ReplayedEnvelope envelope{.time = base::WallTime(std::chrono::hours(1))};
    envelope.recipients.push_back({.address = "<bob@b.example>", .before = before, .after = after});
    comparison.add(envelope);
  }
  // "2: accepted -> relaying: 554 5.7.1"
  std::vector<std::string> groups(ReplayChange change) const {
    const auto report = comparison.report();
    std::vector<std::string> texts;
    for (const auto& group : report.of(change).groups)
      texts.push_back(fmt::format("{}: {} -> {}", group.recipients, group.before, group.after));
    return texts;
  }
  std::uint64_t envelopes(ReplayChange change) const { return comparison.report().of(change).envelopes; }

  ReplayComparison comparison;
  int number = 0;
};

TEST_F(Compared, WhatIsAlikeIsNoChange) {
  add(taken(), taken());
  add(refused("relaying", "554 5.7.1 <x>: Relay access denied"), refused("relaying", "554 5.7.1 <y>: other words"));
  const auto report = comparison.report();
  EXPECT_EQ(report.accepted, 2U);
  EXPECT_EQ(report.unchanged, 2U);
  for (const auto& difference : report.differences) EXPECT_EQ(difference.envelopes, 0U);
  EXPECT_EQ(report.newly_rejected_percent(), 0);
  EXPECT_EQ(report.since, base::WallTime(std::chrono::hours(1)));
}

TEST_F(Compared, RejectionsAreGroupedByRuleAndCode) {
  add(taken(), refused("domains.b.example", "550 5.1.1 <bob@b.example>: no such user"));
  add(taken(), refused("domains.b.example", "550 5.1.1 <eve@b.example>: no such user"), "<eve@b.example>");
  add(taken(), refused("limits.message_size", "552 5.3.4 Message size exceeds the limit"));
  add(taken(), taken());
  EXPECT_THAT(groups(rejected), ElementsAre("2: accepted -> domains.b.example: 550 5.1.1",
                                            "1: accepted -> limits.message_size: 552 5.3.4"));
  EXPECT_EQ(comparison.report().newly_rejected_percent(), 75);
  const auto report = comparison.report();
  const auto& example = report.of(rejected).groups[0].examples[1];
  EXPECT_EQ(example.id, "M2");
  EXPECT_EQ(example.to, "<eve@b.example>");
  EXPECT_EQ(example.after, "550 5.1.1 <eve@b.example>: no such user");
}

TEST_F(Compared, AnEnvelopeCountsOnceWhateverItsRecipients) {
  ReplayedEnvelope envelope{.id = "M"};
  for (const auto* to : {"<a@b.example>", "<c@b.example>"})
    envelope.recipients.push_back({.address = to, .before = taken(), .after = refused("relaying", "554 5.7.1 no")});
  envelope.recipients.push_back({.address = "<d@d.example>", .before = taken(), .after = taken("smtp:[10.0.0.5]:25")});
  comparison.add(envelope);
  EXPECT_EQ(envelopes(rejected), 1U);
  EXPECT_EQ(envelopes(ReplayChange::route), 1U);
  EXPECT_THAT(groups(rejected), ElementsAre("2: accepted -> relaying: 554 5.7.1"));
  EXPECT_EQ(comparison.report().newly_rejected_percent(), 100);
}

TEST_F(Compared, WaysTlsHoldsAndAddressesAreToldApart) {
  add(taken("mx"), taken("smtp:[10.0.0.5]:25"));
  add(taken("mx", "opportunistic"), taken("mx", "require"));
  add(taken("maildir:/m", ""), taken("mx", "opportunistic"));  // no TLS was spoken before
  auto held = taken();
  held.held = "a route holds it";
  add(taken(), held);
  auto other = taken();
  other.becomes = "<robert@b.example>";
  add(taken(), other);
  EXPECT_THAT(groups(ReplayChange::route), ElementsAre("1: mx -> smtp:[10.0.0.5]:25", "1: maildir:/m -> mx"));
  EXPECT_THAT(groups(ReplayChange::tls), ElementsAre("1: opportunistic -> require"));
  EXPECT_THAT(groups(ReplayChange::held), ElementsAre("1:  -> a route holds it"));
  EXPECT_EQ(comparison.report().of(ReplayChange::rewriting).groups.at(0).examples.at(0).after, "<robert@b.example>");
  EXPECT_EQ(comparison.report().unchanged, 0U);
}

ReplayVerdict limited(const std::string& limits, ReplayVerdict verdict = taken()) {
  verdict.limits = limits;
  return verdict;
}

TEST_F(Compared, LimitsOfHostsAndStoresAreNoOneThing) {
  const auto store = taken("maildir:/m", "");
  add(limited("at most 20 connections"), limited("at most 5 connections"));
  add(limited("at most 20 connections"), limited("at most 5 connections", taken("smtp:[10.0.0.5]:25")));
  add(limited("at most 8 connections", store), limited("at most 9 connections", store));
  add(limited("at most 8 connections", store), limited("at most 20 connections"));  // another route is enough
  EXPECT_THAT(groups(ReplayChange::limits), ElementsAre("2: at most 20 connections -> at most 5 connections",
                                                        "1: at most 8 connections -> at most 9 connections"));
  EXPECT_EQ(envelopes(ReplayChange::route), 2U);
  EXPECT_EQ(comparison.report().unchanged, 0U);
}

TEST_F(Compared, OfTheRefusedOnlyRefusalsCount) {
  add_refused(refused("relaying", "554 5.7.1 no"), taken());
  add_refused(refused("relaying", "554 5.7.1 no"), refused("domains.b.example", "550 5.1.1 no"));
  add_refused(taken("mx"), taken("smtp:[10.0.0.5]:25"));
  EXPECT_THAT(groups(ReplayChange::newly_accepted), ElementsAre("1: relaying: 554 5.7.1 -> accepted"));
  EXPECT_THAT(groups(ReplayChange::rejected_otherwise),
              ElementsAre("1: relaying: 554 5.7.1 -> domains.b.example: 550 5.1.1"));
  EXPECT_THAT(groups(ReplayChange::route), IsEmpty());
  EXPECT_EQ(comparison.report().refused, 3U);
  EXPECT_EQ(comparison.report().accepted, 0U);
}

TEST_F(Compared, WhatTheRunningConfigurationRefusesIsNotNew) {
  add(refused("relaying", "554 5.7.1 no"), refused("relaying", "554 5.7.1 no"));
  add(refused("relaying", "554 5.7.1 no"), taken());
  EXPECT_EQ(comparison.report().newly_rejected_percent(), 0);
  EXPECT_EQ(envelopes(ReplayChange::newly_accepted), 1U);
}

TEST_F(Compared, GroupsAndExamplesAreBounded) {
  constexpr std::size_t ways = 3 * ReplayComparison::most_groups;
  for (std::size_t round = 0; round < 5; ++round)
    for (std::size_t i = 0; i < ways; ++i) add(taken(), taken(fmt::format("smtp:[10.0.0.{}]", i)));
  const auto report = comparison.report();
  const auto& difference = report.of(ReplayChange::route);
  EXPECT_THAT(difference.groups, SizeIs(ReplayComparison::most_groups));
  EXPECT_EQ(difference.other, 5 * 2 * ReplayComparison::most_groups);
  EXPECT_EQ(difference.envelopes, 5 * ways);
  EXPECT_THAT(difference.groups[0].examples, SizeIs(ReplayComparison::most_examples));
}

TEST_F(Compared, WhatIsLongIsShownShort) {
  auto long_one = taken();
  long_one.becomes = std::string(100'000, 'x');
  auto other = long_one;
  other.becomes += "y";
  add(long_one, other);
  const auto report = comparison.report();
  EXPECT_LT(report.of(ReplayChange::rewriting).groups.at(0).examples.at(0).after.size(), 1000U);
}

}  // namespace
}  // namespace godwit::control
