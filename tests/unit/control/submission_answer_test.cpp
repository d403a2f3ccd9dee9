// SPDX-License-Identifier: Apache-2.0
#include "control/submission_answer.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "control/once_only.hpp"

namespace godwit::control {
namespace {

using Verdict = smtp::RecipientResult::Verdict;

smtp::RecipientResult result_of(Verdict verdict, smtp::Stage stage, smtp::Reply reply) {
  return {.verdict = verdict, .stage = stage, .reply = std::move(reply)};
}

Response answer_to(smtp::RecipientResult result) {
  return submission_answer({{.address = {"bob", "y.example"}}}, {.recipients = {std::move(result)}});
}

TEST(SubmissionAnswer, SaysWhoWasAcceptedAndWhoWasNot) {
  const auto response = submission_answer(
      {{.address = {"bob", "y.example"}}, {.address = {"eve", "y.example"}}},
      {.recipients = {result_of(Verdict::delivered, smtp::Stage::final_dot, smtp::make_reply(250, {2, 0, 0}, "Ok")),
                      result_of(Verdict::failed, smtp::Stage::rcpt, smtp::make_reply(550, {5, 1, 1}, "No such user"))},
       .id = base::MessageId{7}});
  EXPECT_EQ(response.status, 202U);
  const auto body = boost::json::parse(response.body);
  EXPECT_EQ(body.at("id").as_string(), base::to_string(base::MessageId{7}));
  EXPECT_EQ(body.at("recipients").at(0).at("status").as_string(), "accepted");
  EXPECT_EQ(body.at("recipients").at(1).at("status").as_string(), "refused");
  EXPECT_EQ(body.at("recipients").at(1).at("code").as_int64(), 550);
  EXPECT_EQ(body.at("recipients").at(1).at("enhanced").as_string(), "5.1.1");
}

TEST(SubmissionAnswer, RefusalsHaveTheStatusOfWhatIsWrong) {
  using smtp::Stage;
  struct {
    Verdict verdict;
    Stage stage;
    int code;
    smtp::EnhancedCode enhanced;
    unsigned status;
  } const cases[] = {{Verdict::failed, Stage::mail, 553, {5, 7, 1}, 403},
                     {Verdict::failed, Stage::mail, 552, {5, 3, 4}, 413},
                     {Verdict::failed, Stage::rcpt, 550, {5, 1, 1}, 422},
                     {Verdict::failed, Stage::final_dot, 554, {5, 7, 1}, 422},
                     {Verdict::try_next, Stage::rcpt, 450, {4, 7, 1}, 429},
                     {Verdict::try_next, Stage::rcpt, 451, {4, 3, 0}, 503},
                     {Verdict::retry_later, Stage::final_dot, 452, {4, 3, 1}, 507},
                     {Verdict::try_next, Stage::greeting, 421, {4, 3, 2}, 503}};
  for (const auto& one : cases) {
    const auto response = answer_to(result_of(one.verdict, one.stage, smtp::make_reply(one.code, one.enhanced, "no")));
    EXPECT_EQ(response.status, one.status) << one.code;
    EXPECT_EQ(response.retry_after > 0, one.status == 429 || one.status == 503 || one.status == 507) << one.code;
  }
  EXPECT_EQ(answer_to({.verdict = Verdict::try_next, .why = "connection lost"}).status, 503U);
  EXPECT_EQ(submission_answer({}, {}).status, 503U);
}

TEST(IdempotencyKey, IsVisibleAsciiWithOrWithoutQuotes) {
  EXPECT_EQ(read_idempotency_key("abc"), "abc");
  EXPECT_EQ(read_idempotency_key("\"abc\""), "abc");
  EXPECT_EQ(read_idempotency_key("  abc "), "abc");
  EXPECT_FALSE(read_idempotency_key(""));
  EXPECT_FALSE(read_idempotency_key("a b"));
  EXPECT_FALSE(read_idempotency_key("\xC3\xA9"));
  EXPECT_FALSE(read_idempotency_key(std::string(256, 'a')));
}

}  // namespace
}  // namespace godwit::control
