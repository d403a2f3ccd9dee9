// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/failure_classifier.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace godwit::mail {
namespace {

using smtp::Stage;

FailureRule rule(FailureClass klass, std::vector<std::string> codes, std::vector<std::string> text = {},
                 std::vector<Stage> stages = {}, FailureAction then = FailureAction::as_replied) {
  return {
      .codes = std::move(codes), .text = std::move(text), .stages = std::move(stages), .klass = klass, .then = then};
}

FailureClassifier with(std::vector<FailureRule> rules) {
  FailureSettings settings;
  settings.rules = std::move(rules);
  return FailureClassifier(settings);
}

std::string_view name(const FailureClassifier& classifier, const smtp::Reply& reply, Stage stage = Stage::rcpt) {
  return to_string(classifier.classify(reply, stage).klass);
}

TEST(FailureClassifier, ReadsCodesWithWildcards) {
  const auto classifier = with({rule(FailureClass::bad_mailbox, {"5.1.1", "551"}),
                                rule(FailureClass::policy, {"*.7.*"}), rule(FailureClass::system, {"4*"})});
  EXPECT_EQ(name(classifier, smtp::make_reply(550, {5, 1, 1}, "x")), "bad_mailbox");
  EXPECT_EQ(name(classifier, smtp::make_reply(551, {}, "x")), "bad_mailbox");
  EXPECT_EQ(name(classifier, smtp::make_reply(550, {5, 7, 606}, "x")), "policy");
  EXPECT_EQ(name(classifier, smtp::make_reply(421, {4, 7, 0}, "x")), "policy");
  EXPECT_EQ(name(classifier, smtp::make_reply(451, {}, "x")), "system");
  EXPECT_EQ(name(classifier, smtp::make_reply(550, {}, "x")), "other");
  EXPECT_EQ(name(classifier, smtp::make_reply(550, {5, 1, 10}, "x")), "other");  // no prefix
}

TEST(FailureClassifier, FindsTextInAnyCaseAndAcrossLines) {
  const auto classifier = with({rule(FailureClass::full_mailbox, {}, {"Mailbox*is FULL", "quota"})});
  EXPECT_EQ(name(classifier, smtp::make_reply(452, {}, "Sorry: mailbox of somchai Is full today")), "full_mailbox");
  EXPECT_EQ(name(classifier, {.code = 552, .enhanced = {}, .lines = {"the mailbox", "is full"}}), "full_mailbox");
  EXPECT_EQ(name(classifier, smtp::make_reply(552, {}, "over QUOTA")), "full_mailbox");
  EXPECT_EQ(name(classifier, smtp::make_reply(552, {}, "is full, that mailbox")), "other");  // in another order
}

TEST(FailureClassifier, NeedsOneOfEachList) {
  const auto classifier = with({rule(FailureClass::tls, {"4*", "5*"}, {"secure"}, {Stage::mail, Stage::tls})});
  EXPECT_EQ(name(classifier, smtp::make_reply(530, {}, "be secure"), Stage::mail), "tls");
  EXPECT_EQ(name(classifier, smtp::make_reply(530, {}, "be secure"), Stage::rcpt), "other");
  EXPECT_EQ(name(classifier, smtp::make_reply(530, {}, "be quick"), Stage::mail), "other");
}

TEST(FailureClassifier, AsksTheFirstRuleThatFitsAndOwnRulesFirst) {
  FailureSettings settings;
  settings.rules = {rule(FailureClass::content, {"550"}, {"magic"})};
  settings.builtin = {rule(FailureClass::policy, {"550"}), rule(FailureClass::system, {"550"})};
  EXPECT_EQ(name(FailureClassifier(settings), smtp::make_reply(550, {}, "magic")), "content");
  EXPECT_EQ(name(FailureClassifier(settings), smtp::make_reply(550, {}, "plain")), "policy");
  settings.builtin_rules = false;
  EXPECT_EQ(name(FailureClassifier(settings), smtp::make_reply(550, {}, "plain")), "other");
}

TEST(FailureClassifier, LetsBuiltInRulesActOnlyAsFarAsTheyMay) {
  FailureSettings settings;
  settings.rules = {rule(FailureClass::rate, {"599"}, {}, {}, FailureAction::retry)};
  settings.builtin = {rule(FailureClass::greylisting, {}, {"later"}, {}, FailureAction::retry),
                      rule(FailureClass::bad_mailbox, {}, {"nobody"}, {}, FailureAction::bounce)};
  const auto then = [&](const char* words, int code = 550) {
    return FailureClassifier(settings).classify(smtp::make_reply(code, {}, words), Stage::rcpt).then;
  };
  EXPECT_EQ(then("later"), FailureAction::as_replied);
  EXPECT_EQ(then("nobody"), FailureAction::as_replied);
  EXPECT_EQ(then("own", 599), FailureAction::retry);
  settings.builtin_actions = BuiltinActions::retry;
  EXPECT_EQ(then("later"), FailureAction::retry);
  EXPECT_EQ(then("nobody"), FailureAction::as_replied);
  settings.builtin_actions = BuiltinActions::all;
  EXPECT_EQ(then("nobody"), FailureAction::bounce);
}

TEST(FailureClassifier, ReadsAReplyAsItIsKept) {
  const auto classifier = with({rule(FailureClass::bad_mailbox, {"5.1.1"}), rule(FailureClass::system, {}, {"busy"})});
  EXPECT_EQ(classifier.classify("550 5.1.1 No such user").klass, FailureClass::bad_mailbox);
  EXPECT_EQ(classifier.classify("451 busy").klass, FailureClass::system);
  EXPECT_EQ(classifier.classify("no reply at all").klass, FailureClass::other);
  EXPECT_EQ(classifier.classify("").klass, FailureClass::other);
}

// A pattern that a backtracking matcher would take years for.
TEST(FailureClassifier, IsQuickWhateverThePeerSays) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "a*";
  pattern += "b";
  const auto classifier = with(std::vector<FailureRule>(100, rule(FailureClass::content, {}, {pattern})));
  const smtp::Reply endless{.code = 550, .enhanced = {}, .lines = std::vector<std::string>(256, std::string(500, 'a'))};
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(name(classifier, endless), "other");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(FailureClass, HasANameAndWordsForPeople) {
  for (std::size_t i = 1; i < std::size(failure_class_names); ++i)
    EXPECT_TRUE(explanation(static_cast<FailureClass>(i)).ends_with(".")) << failure_class_names[i];
  EXPECT_EQ(to_string(FailureClass::expired), "expired");
  EXPECT_EQ(explanation(FailureClass::other), "");
}

}  // namespace
}  // namespace godwit::mail
