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

TEST(PolicySection, AListenerMayHaveItsOwn) {
  const auto loaded =
      load_below("listeners: [{address: '127.0.0.1:25', checks: [header]}, {address: '127.0.0.1:26'}]\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  EXPECT_THAT(loaded.settings.server.listeners[0].checks.value(), ElementsAre("header"));
  EXPECT_FALSE(loaded.settings.server.listeners[1].checks);
}

}  // namespace
}  // namespace godwit::config
