// SPDX-License-Identifier: Apache-2.0
// The sections of what is changed of mail, and of what is looked at in it.
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
using ::testing::Pair;
using testing::warnings;

TEST(RewritingSection, MapsAndTablesAreRead) {
  const auto loaded = load_below(
      "tables: {canonical: {type: file, path: /etc/godwit/canonical}}\n"
      "rewriting:\n"
      "  senders: {alice@int.example: alice.smith@example.com, '@old.example': '@example.com'}\n"
      "  addresses: ['table:canonical', {bob@int.example: bob@example.com}]\n"
      "  masquerade: example.com\n"
      "  mail: [submitted, others]\n"
      "header_rules:\n"
      "  - {field: User-Agent}\n"
      "  - {field: Organization, action: replace, value: Example, matching: '*secret*', mail: trusted}\n"
      "copies:\n"
      "  - {to: archive@example.com, senders: '@example.com'}\n"
      "quarantine: {notify: true, interval: 1d}\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  const auto& canonical = loaded.settings.route.canonical;
  EXPECT_THAT(canonical.senders.addresses, Contains(Pair("alice@int.example", "alice.smith@example.com")));
  EXPECT_THAT(canonical.senders.addresses, Contains(Pair("@old.example", "@example.com")));
  EXPECT_THAT(canonical.addresses.tables, ElementsAre("canonical"));
  EXPECT_THAT(canonical.addresses.addresses, ElementsAre(Pair("bob@int.example", "bob@example.com")));
  EXPECT_THAT(canonical.masquerade, ElementsAre("example.com"));
  using enum policy::MailOrigin;
  const auto& policy = loaded.settings.policy;
  EXPECT_THAT(policy.rewriting.mail, ElementsAre(submitted, others));
  ASSERT_EQ(policy.header_rules.size(), 2U);
  EXPECT_THAT(policy.header_rules[0].mail, ElementsAre(submitted));
  EXPECT_EQ(policy.header_rules[1].rule, (mail::HeaderRule{.field = "Organization",
                                                           .action = mail::HeaderRule::Action::replace,
                                                           .value = "Example",
                                                           .matching = "*secret*"}));
  ASSERT_EQ(policy.copies.size(), 1U);
  EXPECT_THAT(policy.copies[0].senders, ElementsAre("@example.com"));
  EXPECT_EQ(policy.copies[0].mail.size(), 3U);
  EXPECT_EQ(loaded.settings.dispatch.quarantine.interval, std::chrono::hours(24));
}

TEST(RewritingSection, WhatIsWrongIsSaid) {
  EXPECT_THAT(errors(load_below("rewriting: {senders: ['table:nowhere']}\n")),
              ElementsAre(HasSubstr("there is no table \"nowhere\"")));
  EXPECT_THAT(errors(load_below("rewriting: {senders: {alice@a.example: nobody}}\n")), Not(IsEmpty()));
  EXPECT_THAT(errors(load_below("header_rules: [{field: 'X Y'}]\n")),
              ElementsAre(HasSubstr("no name of a header field")));
  EXPECT_THAT(errors(load_below("header_rules: [{field: X, action: add, value: \"a\\r\\nb\"}]\n")),
              ElementsAre(HasSubstr("cannot stand in a header")));
  EXPECT_THAT(errors(load_below("header_rules: [{field: X, action: add}]\n")), ElementsAre(HasSubstr("needs value")));
  EXPECT_THAT(errors(load_below("header_rules: [{field: X, value: a}]\n")), ElementsAre(HasSubstr("has no value")));
  EXPECT_THAT(errors(load_below("header_rules: [{field: received, mail: trusted}]\n")),
              ElementsAre(HasSubstr("a loop would never end")));
  EXPECT_THAT(errors(load_below("header_rules: [{field: Received}]\n")), IsEmpty());
  EXPECT_THAT(errors(load_below("copies: [{senders: '@a.example'}]\n")), ElementsAre(HasSubstr("needs to")));
  EXPECT_THAT(warnings(load_below("quarantine: {interval: 1d}\n")), Contains(HasSubstr("means nothing")));
}

TEST(ContentSection, RulesForAttachmentsAreRead) {
  const auto loaded = load_below(
      "policy:\n"
      "  checks: {mx: [header, mime]}\n"
      "  header: {missing_date: header, most_bytes: 64KiB, most_fields: 0}\n"
      "  mime:\n"
      "    most_depth: 5\n"
      "    malformed: header\n"
      "    attachments:\n"
      "      - {names: setup.exe, action: none}\n"
      "      - {names: ['*.zip', '*.rar'], action: quarantine}\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  const auto& policy = loaded.settings.policy;
  EXPECT_EQ(policy.header.missing_date, policy::CheckAction::header);
  EXPECT_EQ(policy.header.most_bytes, 64U << 10U);
  ASSERT_EQ(policy.mime.attachments.size(), 2U);
  EXPECT_THAT(policy.mime.attachments[1].names, ElementsAre("*.zip", "*.rar"));
  EXPECT_EQ(policy.mime.attachments[1].action, policy::CheckAction::quarantine);
  EXPECT_THAT(errors(load_below("policy: {mime: {attachments: [{action: reject}]}}\n")),
              ElementsAre(HasSubstr("needs names")));
}

}  // namespace
}  // namespace godwit::config
