// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/schema.hpp"
#include "unit/config/config_text.hpp"

namespace godwit::config {
namespace {

using ::testing::ElementsAre;
using testing::errors;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load_below;
using testing::load_files;
using ::testing::SizeIs;

TEST(Bounces, TheBuiltInRulesHaveNoFaults) {
  std::vector<Diagnostic> diagnostics;
  const auto rules = builtin_failure_rules(diagnostics);
  EXPECT_THAT(testing::lines(diagnostics), IsEmpty());
  EXPECT_GT(rules.size(), 40U);
  EXPECT_THAT(load_below("").settings.dispatch.failures.builtin, SizeIs(rules.size()));
}

TEST(Bounces, RulesOfOnesOwnAreRead) {
  const auto loaded = load_below(
      "bounces:\n"
      "  rules:\n"
      "    - {class: full_mailbox, text: [\"speicherplatz * erschöpft\"]}\n"
      "    - {class: rate, codes: [554, \"4.7.*\"], stages: rcpt, then: retry}\n"
      "  builtin_rules: false\n"
      "  builtin_actions: retry\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  const auto& failures = loaded.settings.dispatch.failures;
  ASSERT_THAT(failures.rules, SizeIs(2));
  EXPECT_EQ(failures.rules[0].klass, mail::FailureClass::full_mailbox);
  EXPECT_EQ(failures.rules[0].then, mail::FailureAction::as_replied);
  EXPECT_THAT(failures.rules[1].codes, ElementsAre("554", "4.7.*"));
  EXPECT_THAT(failures.rules[1].stages, ElementsAre(smtp::Stage::rcpt));
  EXPECT_EQ(failures.rules[1].then, mail::FailureAction::retry);
  EXPECT_FALSE(failures.builtin_rules);
  EXPECT_EQ(failures.builtin_actions, mail::BuiltinActions::retry);
}

TEST(Bounces, TheFileThatComesWithUsCanBeIncluded) {
  const auto loaded =
      load_files({{"godwit.yaml", "hostname: mail.example.com\ninclude: extra.yaml\n"},
                  {"extra.yaml", "bounces:\n  rules:\n    - {class: spamm, text: [a]}\n    - {class: rate}\n"}});
  EXPECT_THAT(
      errors(loaded),
      ElementsAre(HasSubstr("extra.yaml:3:15: bounces.rules[0].class: \"spamm\" is none of"),
                  HasSubstr("extra.yaml:3:29: bounces.rules[0].text[0]: \"a\" is no text of 3 to 200 characters"),
                  HasSubstr("extra.yaml:4:7: bounces.rules[1] fits every reply: name codes, text or stages")));
}

TEST(Bounces, CodesThatNoReplyHasAreRefused) {
  for (const auto* code : {"\"\"", "5555", "5.1", "5.1.1.1", "5xx", "5..1", "abc"})
    EXPECT_THAT(errors(load_below(std::string("bounces: {rules: [{class: rate, codes: [") + code + "]}]}\n")),
                ElementsAre(HasSubstr("is no reply code: write 550, 45*, 5.1.1 or *.7.*")))
        << code;
}

TEST(Bounces, RewrittenSendersMustLeadHere) {
  EXPECT_THAT(errors(load_below("srs: {domain: elsewhere.example}\n")),
              ElementsAre(HasSubstr("godwit.yaml:2:15: elsewhere.example is no domain of ours")));
  EXPECT_THAT(errors(load_below("srs: {domain: mail.example.com}\n")), IsEmpty());
  EXPECT_THAT(errors(load_below("srs: {domain: Example.com}\n"
                                "domains: {example.com: {deliver: \"discard:\", recipients: any}}\n")),
              IsEmpty());
}

}  // namespace
}  // namespace godwit::config
