// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/transaction_rounds.hpp"

#include <gtest/gtest.h>

namespace godwit::smtp {
namespace {

using Verdict = RecipientResult::Verdict;

ClientTransaction to(std::size_t count) {
  ClientTransaction transaction;
  for (std::size_t i = 0; i < count; ++i)
    transaction.recipients.push_back({.address = {std::to_string(i), "x.example"}});
  return transaction;
}

RecipientResult taken() {
  return {.verdict = Verdict::delivered};
}
RecipientResult too_many() {
  return {.verdict = Verdict::send_again};
}

TEST(TransactionRounds, SendToTheRestInAnotherMessage) {
  TransactionRounds rounds(to(5));
  std::size_t messages = 0;
  while (const auto part = rounds.next()) {
    ++messages;
    std::vector<RecipientResult> answers(part->recipients.size(), too_many());
    for (std::size_t i = 0; i < answers.size() && i < 2; ++i) answers[i] = taken();
    rounds.take(answers);
  }
  EXPECT_EQ(messages, 3U);
  for (const auto& result : rounds.results()) EXPECT_EQ(result.verdict, Verdict::delivered);
}

TEST(TransactionRounds, EndWhereNobodyIsBroughtFurther) {
  TransactionRounds rounds(to(2));
  ASSERT_TRUE(rounds.next());
  rounds.take({too_many(), too_many()});
  EXPECT_FALSE(rounds.next());
  EXPECT_EQ(rounds.results()[1].verdict, Verdict::send_again);
}

TEST(TransactionRounds, NobodyIsSentTwo) {
  TransactionRounds rounds(to(3));
  ASSERT_TRUE(rounds.next());
  rounds.take({taken(), {.verdict = Verdict::failed}, too_many()});
  const auto rest = rounds.next();
  ASSERT_TRUE(rest);
  ASSERT_EQ(rest->recipients.size(), 1U);
  EXPECT_EQ(rest->recipients[0].address.local, "2");
  rounds.take({{.verdict = Verdict::retry_later}});
  EXPECT_FALSE(rounds.next());
  EXPECT_EQ(rounds.results()[0].verdict, Verdict::delivered);
  EXPECT_EQ(rounds.results()[1].verdict, Verdict::failed);
  EXPECT_EQ(rounds.results()[2].verdict, Verdict::retry_later);
}

}  // namespace
}  // namespace godwit::smtp
