// SPDX-License-Identifier: Apache-2.0
// The section of checks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/config_text.hpp"

namespace godwit::config {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::errors;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load_below;
using ::testing::Not;
using testing::warnings;
using Subject = policy::DnsListSettings::Subject;

TEST(PolicySection, ChecksAreListedInOrder) {
  const auto loaded = load_below(
      "policy:\n"
      "  checks: {mx: [greylist, dns_lists], submission: [header]}\n"
      "  dns_lists:\n"
      "    reject: never\n"
      "    quarantine: 3\n"
      "    lists:\n"
      "      - {zone: Bl.Example, of: [client, sender], score: -2, answers: ['127.0.*.2-11', 127.0.0.1]}\n"
      "  greylist: {at: envelope, pass: dkim, delay: 10m}\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  EXPECT_THAT(warnings(loaded), Not(Contains(HasSubstr("policy"))));
  const auto& policy = loaded.settings.policy;
  EXPECT_THAT(policy.checks.mx, ElementsAre("greylist", "dns_lists"));
  EXPECT_THAT(policy.checks.submission, ElementsAre("header"));
  ASSERT_EQ(policy.dns_lists.lists.size(), 1U);
  const auto& list = policy.dns_lists.lists.front();
  EXPECT_EQ(list.zone, "bl.example");
  EXPECT_THAT(list.subjects, ElementsAre(Subject::client, Subject::sender));
  EXPECT_EQ(list.score, -2);
  EXPECT_EQ(list.answers.front(), (policy::AnswerPattern{{{{127, 127}, {0, 0}, {0, 255}, {2, 11}}}}));
  EXPECT_FALSE(policy.dns_lists.reject);
  EXPECT_EQ(policy.dns_lists.quarantine, 3);
  EXPECT_THAT(policy.greylist.pass, ElementsAre(policy::GreylistSettings::Good::dkim));
  EXPECT_EQ(loaded.settings.state.greylist.delay, std::chrono::minutes(10));
}

TEST(PolicySection, WhatIsWrongIsSaid) {
  EXPECT_THAT(errors(load_below("policy: {checks: {mx: [helo]}}\n")), ElementsAre(HasSubstr("\"helo\" is none of")));
  EXPECT_THAT(errors(load_below("policy: {checks: {mx: [hello, hello]}}\n")), ElementsAre(HasSubstr("listed twice")));
  const std::string lists = "policy: {checks: {mx: [dns_lists]}, dns_lists: {lists: [{zone: a.example, ";
  EXPECT_THAT(errors(load_below(lists + "answers: 127.0.0.256}]}}\n")), ElementsAre(HasSubstr("is no byte")));
  EXPECT_THAT(errors(load_below(lists + "answers: 127.0.2}]}}\n")), ElementsAre(HasSubstr("is no answer of a list")));
  EXPECT_THAT(errors(load_below(lists + "score: x}]}}\n")), ElementsAre(HasSubstr("is no number from -1000 to 1000")));
}

TEST(PolicySection, WhatIsNeverAskedIsNoticed) {
  EXPECT_THAT(warnings(load_below("policy: {greylist: {delay: 1m}}\n")), Contains(HasSubstr("never asked")));
  EXPECT_THAT(warnings(load_below("policy: {checks: {mx: [dns_lists]}}\n")), Contains(HasSubstr("asks nobody")));
}

TEST(PolicySection, LimitsAreRules) {
  const auto loaded = load_below(
      "policy:\n"
      "  limits:\n"
      "    - {by: sender, messages: [100/1h, 500/1d], bytes: 50MiB/1d, exempt: [10.0.0.0/8]}\n"
      "    - {by: client, connections: 10/1m, ipv4_prefix: 24}\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  const auto& limits = loaded.settings.policy.limits;
  ASSERT_EQ(limits.size(), 2U);
  EXPECT_EQ(limits[0].by, policy::LimitBy::sender);
  EXPECT_EQ(limits[0].of(policy::Limited::messages).size(), 2U);
  EXPECT_EQ(limits[0].of(policy::Limited::bytes).front().count, 50U << 20U);
  EXPECT_EQ(limits[0].exempt.size(), 1U);
  EXPECT_EQ(limits[1].ipv4_prefix, 24);
}

TEST(PolicySection, LimitsThatMeanNothingAreRefused) {
  const auto wrong = [](const std::string& rule) { return errors(load_below("policy: {limits: [" + rule + "]}\n")); };
  EXPECT_THAT(wrong("{messages: 1/1h}"), ElementsAre(HasSubstr("policy.limits[0] needs by")));
  EXPECT_THAT(wrong("{by: sender, connections: 1/1h}"),
              ElementsAre(HasSubstr("connections are counted by client only")));
  EXPECT_THAT(wrong("{by: client, new_destinations: 1/1h}"), ElementsAre(HasSubstr("counted by account only")));
  EXPECT_THAT(wrong("{by: recipient, recipients: 1/1h}"), ElementsAre(HasSubstr("messages are counted")));
  EXPECT_THAT(wrong("{by: hello, messages: 1/1h, ipv4_prefix: 24}"), ElementsAre(HasSubstr("by client only")));
  EXPECT_THAT(wrong("{by: sender, bytes: 100/1h}"), ElementsAre(HasSubstr("is no rate of bytes")));
  EXPECT_THAT(warnings(load_below("policy: {limits: [{by: sender}]}\n")), Contains(HasSubstr("limits nothing")));
}

TEST(CalloutSection, IsForDomainsWithANextHop) {
  const auto with = [](const std::string& deliver) {
    return load_below("domains: {b.example: {deliver: '" + deliver +
                      "', recipients: callout}}\n"
                      "callout: {on_failure: accept, keep: 40d, connections: 3}\n");
  };
  for (const auto* deliver : {"smtp:[192.0.2.1]:25", "mx"}) {
    const auto loaded = with(deliver);
    ASSERT_THAT(errors(loaded), IsEmpty()) << deliver;
    EXPECT_EQ(loaded.settings.route.domains.at("b.example").recipients, route::RecipientRule::callout);
    EXPECT_EQ(loaded.settings.policy.callout.on_failure, policy::CalloutSettings::Failure::accept);
    EXPECT_EQ(loaded.settings.state.callout.keep, std::chrono::hours(40 * 24));
  }
  EXPECT_THAT(errors(with("maildir:/var/vmail/{local}")), ElementsAre(HasSubstr("cannot be asked of other hosts")));
}

TEST(PolicySection, AListenerMayHaveItsOwn) {
  const auto loaded =
      load_below("listeners: [{address: '127.0.0.1:25', checks: [header]}, {address: '127.0.0.1:26'}]\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  EXPECT_THAT(loaded.settings.server.listeners[0].checks.value(), ElementsAre("header"));
  EXPECT_FALSE(loaded.settings.server.listeners[1].checks);
}

}  // namespace
}  // namespace godwit::config
