// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "control/api.hpp"
#include "support/run_awaitable.hpp"
#include "unit/control/fake_backend.hpp"

namespace godwit::control {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReplayAnswers : public ::testing::Test {
 protected:
  Response ask(std::string method, std::string target, std::string body = {}) {
    std::string rest = std::move(body), piece;
    spool::Pieces pieces = [&]() -> Task<std::string_view> {
      piece = std::exchange(rest, {});
      co_return std::string_view(piece);
    };
    auto answer = handle(backend, {std::move(method), std::move(target), std::move(pieces)});
    return godwit::testing::run_awaitable(std::move(answer));
  }
  FakeBackend backend;
};

TEST_F(ReplayAnswers, OneBeginsWithADraftOrTheFiles) {
  const auto begun = ask("POST", "/v1/configuration/replay?last=20&dns=true", "threads: 4\n");
  EXPECT_EQ(begun.status, 202U);
  EXPECT_EQ(begun.body, "{\"number\":7}\n");
  EXPECT_EQ(ask("POST", "/v1/configuration/replay").status, 202U);
  EXPECT_THAT(backend.asked, ElementsAre("replay threads: 4\n last 20 dns", "replay the files last 1000"));
}

TEST_F(ReplayAnswers, WhatMakesNoSenseIsRefused) {
  for (const auto* query : {"?last=0", "?last=100001", "?last=x", "?dns=maybe"})
    EXPECT_EQ(ask("POST", std::string("/v1/configuration/replay") + query).status, 400U) << query;
  EXPECT_EQ(ask("POST", "/v1/configuration/replay", std::string((1U << 20U) + 1, ' ')).status, 413U);
  EXPECT_THAT(backend.asked, IsEmpty());
  backend.refuse_replay = true;
  EXPECT_EQ(ask("POST", "/v1/configuration/replay").status, 409U);
}

TEST_F(ReplayAnswers, ErrorsOfTheDraftAreAllSaid) {
  backend.replay_start = {.number = 0, .errors = {"f:1:1: x", "f:2:1: y"}};
  const auto answer = ask("POST", "/v1/configuration/replay", "x: y\n");
  EXPECT_EQ(answer.status, 422U);
  EXPECT_EQ(boost::json::parse(answer.body).at_pointer("/errors/1"), "f:2:1: y");
}

TEST_F(ReplayAnswers, ProgressIsToldUntilThereIsAReport) {
  EXPECT_EQ(ask("GET", "/v1/configuration/replay").status, 404U);
  backend.replay_progress = ReplayProgress{.number = 7, .replayed = 5, .of = 20};
  EXPECT_EQ(ask("GET", "/v1/configuration/replay").body,
            "{\"number\":7,\"state\":\"running\",\"replayed\":5,\"of\":20,\"failure\":null,\"report\":null}\n");
}

TEST_F(ReplayAnswers, TheReportHasGroupsAndExamples) {
  ReplayComparison comparison;
  ReplayedEnvelope envelope{.id = "06ZQ3W8K1M4TR", .time = noon, .client = "192.0.2.1", .from = "<a@a.example>"};
  envelope.recipients.push_back({.address = "<b@b.example>",
                                 .before = {.route = "mx"},
                                 .after = {.refusal = "554 5.7.1 no \xFF", .rule = "relaying"}});
  comparison.add(envelope);
  backend.replay_progress = ReplayProgress{.state = ReplayProgress::State::done,
                                           .number = 7,
                                           .replayed = 1,
                                           .of = 1,
                                           .failure = {},
                                           .report = comparison.report()};
  const auto report = boost::json::parse(ask("GET", "/v1/configuration/replay").body).at("report");
  EXPECT_EQ(report.at("accepted"), 1);
  EXPECT_EQ(report.at("newly_rejected_percent"), 100.0);
  EXPECT_EQ(
      boost::json::serialize(report.at_pointer("/changes/newly_rejected")),
      R"({"envelopes":1,"groups":[{"before":"accepted","after":"relaying: 554 5.7.1","recipients":1,"examples":[)"
      R"({"id":"06ZQ3W8K1M4TR","time":"1970-01-01T12:00:00.000Z","client":"192.0.2.1","from":"<a@a.example>",)"
      "\"to\":\"<b@b.example>\",\"before\":\"accepted\",\"after\":\"554 5.7.1 no \xEF\xBF\xBD\"}]}],\"other\":0}");
  EXPECT_EQ(report.at_pointer("/changes/route/envelopes"), 0);
}

TEST_F(ReplayAnswers, AReloadIsForced) {
  EXPECT_EQ(ask("POST", "/v1/reload?force=true").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/reload?force=yes").status, 400U);
  EXPECT_THAT(backend.asked, ElementsAre("reload by force"));
}

}  // namespace
}  // namespace godwit::control
