// SPDX-License-Identifier: Apache-2.0
#include "tools/replay_report.hpp"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

namespace godwit::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ReplayReport, SaysWhatChangesAndShowsExamples) {
  const auto text = replay_text(boost::json::parse(R"({"accepted":1000,"refused":1,"unchanged":988,"unreadable":0,
    "since":"2026-11-29T18:00:00.000Z","newly_rejected_percent":1.2,"changes":{
      "newly_rejected":{"envelopes":12,"other":4,"groups":[{"before":"accepted","after":"relaying: 554 5.7.1",
        "recipients":9,"examples":[{"id":"06ZQ3W8K1M4TR","time":"2026-11-29T18:00:00.000Z","client":"192.0.2.1",
          "from":"<a@a.example>","to":"<b\u001b@b.example>","before":"accepted","after":"554 5.7.1 no"}]}]},
      "newly_accepted":{"envelopes":0,"groups":[],"other":0},
      "limits":{"envelopes":1,"groups":[{"before":"at most 20 connections","after":"at most 5 connections","recipients":1,
        "examples":[]}],"other":0},
      "held":{"envelopes":1,"groups":[{"before":null,"after":"a route holds it","recipients":1,"examples":[]}],"other":0}},
    "not_replayed":["MTA-STS"],"restart_needed":["limits.message_size"],"cut_short":false})"));
  EXPECT_THAT(text, HasSubstr("1000 envelopes that were accepted, 1 that were refused, since 2026-11-29 18:00:00Z"));
  EXPECT_THAT(text, HasSubstr("\nnewly rejected: 12 envelopes\n  9 recipients: accepted -> relaying: 554 5.7.1\n"));
  EXPECT_THAT(text, HasSubstr("    06ZQ3W8K1M4TR from <a@a.example> to <b"));
  EXPECT_THAT(text, HasSubstr("      after:  554 5.7.1 no\n"));
  EXPECT_THAT(text, HasSubstr("  4 recipients in further groups\n"));
  EXPECT_THAT(text, HasSubstr("\nother limits: 1 envelope\n  1 recipient: at most 20 connections -> at most 5"));
  EXPECT_THAT(text, HasSubstr("nothing -> a route holds it"));
  EXPECT_THAT(text, HasSubstr("only after a restart: limits.message_size\n"));
  EXPECT_THAT(text, HasSubstr("Not replayed: MTA-STS.\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("no time")));
}

TEST(ReplayReport, NothingRecordedIsSaid) {
  EXPECT_THAT(replay_text(boost::json::parse(R"({"accepted":0,"refused":0,"cut_short":false})")),
              HasSubstr("No envelope is recorded.\n"));
}

}  // namespace
}  // namespace godwit::tools
