// SPDX-License-Identifier: Apache-2.0
#include "tools/history_report.hpp"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

#include "tools/ways_report.hpp"

namespace godwit::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

boost::json::value parsed(const char* text) {
  return boost::json::parse(text);
}

TEST(HistoryReport, TraceIsATimelineWithTranscripts) {
  const auto text = trace_text(parsed(R"({"id":"06ZQ3W8K1M4TR","message":null,"events":[
      {"time":"2026-11-23T09:35:55.123Z","event":"accepted","id":"06ZQ3W8K1M4TR","from":"<a@x>","account":""},
      {"time":"2026-11-23T09:35:55.200Z","event":"attempt","id":"06ZQ3W8K1M4TR","to":"y","transcript":[
        {"ms":0,"who":"note","text":"connecting"},{"ms":1012,"who":"peer","text":"220 \u001b[31mhi"},
        {"ms":1013,"who":"we","text":"EHLO x"}]},
      {"time":"2026-11-23T09:35:56.000Z","event":"report","id":"06ZQ3W8K1M4TS","about":"06ZQ3W8K1M4TR"}]})"));
  EXPECT_EQ(text,
            "2026-11-23T09:35:55.123Z  accepted    from=<a@x>\n"
            "2026-11-23T09:35:55.200Z  attempt     to=y\n"
            "       0.000 * connecting\n"
            "       1.012 < 220 \\x1b[31mhi\n"
            "       1.013 > EHLO x\n"
            "2026-11-23T09:35:56.000Z  report      id=06ZQ3W8K1M4TS  about=06ZQ3W8K1M4TR\n"
            "\nNothing more happens: every recipient is settled.\n");
}

TEST(HistoryReport, TraceSaysWhatHappensNext) {
  const auto text = trace_text(parsed(R"({"id":"06ZQ3W8K1M4TR","events":[],"message":{"destinations":[
      {"name":"big.example","state":"waiting","attempts":2,"next_attempt":"2026-11-23T09:35:55.123Z","reason":"later"}]}})"));
  EXPECT_THAT(text, HasSubstr("What happens next:\nDESTINATION"));
  EXPECT_THAT(text, HasSubstr("big.example  waiting  2      2026-11-23 09:35:55Z  later"));
}

TEST(HistoryReport, SearchHasALineAMessage) {
  const auto text = history_text(parsed(R"({"searched_back_to":"2026-11-23T09:00:00.000Z","messages":[
      {"time":"2026-11-23T09:35:55.123Z","event":"delivered","id":"06ZQ3W8K1M4TR","from":"<a@x>","to":"<b@y>",
       "relay":"mx.y[192.0.2.1]:25","reply":"250 ok"}]})"));
  EXPECT_THAT(text,
              HasSubstr("2026-11-23 09:35:55Z  06ZQ3W8K1M4TR  delivered  <a@x>  <b@y>  mx.y[192.0.2.1]:25  250 ok\n"));
  EXPECT_THAT(text, HasSubstr("There may be more before 2026-11-23T09:00:00.000Z"));
  EXPECT_EQ(history_text(parsed(R"({"messages":[],"searched_back_to":null})")), "No such message is in the history.\n");
}

TEST(WaysReport, RouteIsReadFromTopToBottom) {
  const auto text = route_text(parsed(R"({"address":"bob@y","local":false,"refusal":null,"missing":[],"ways":[
      {"destination":"y","recipients":["bob@y"],"rule":"routes[0]","route":"smtp:mx.y","site":"[192.0.2.1]",
       "limits":{"connections":5,"rate":"100/1h","messages_per_connection":7},"queued":null,"waits":"down: refused","next_hop":"[192.0.2.1]","user":null,
       "hosts":[{"name":"mx.y","preference":10,"addresses":["192.0.2.1:25"],"why_none":null,
                 "tls":{"level":"verify","names":["mx.y"],"tlsa":0,"source":"route","skip":null}},
                {"name":"mx2.y","preference":20,"addresses":[],"why_none":"no such name","remark":"odd",
                 "tls":{"level":"dane","names":["mx2.y"],"tlsa":1,"source":"dane","skip":"bogus"}}]}]})"));
  EXPECT_EQ(text,
            "bob@y is not ours:\n"
            "\n"
            "to             bob@y\n"
            "  rule         routes[0]: next hop [192.0.2.1]\n"
            "  host         10 mx.y: 192.0.2.1:25\n"
            "    TLS        verify mx.y (route)\n"
            "  host         20 mx2.y: no such name\n"
            "    remark     odd\n"
            "    TLS        dane mx2.y (dane), not used now: bogus\n"
            "  destination  [192.0.2.1]\n"
            "  limits       at most 5 connections, 100/1h messages, 7 messages a connection\n"
            "  state        nothing is queued there\n"
            "  next         it waits: down: refused\n");
  EXPECT_EQ(route_text(parsed(R"({"address":"x@y","refusal":"550 5.1.1 no"})")), "x@y is refused: 550 5.1.1 no\n");
  EXPECT_EQ(route_text(parsed(R"({"address":"x@y","refusal":"550 5.1.1 no","steps":[
      {"address":"x@y","by":"alias","targets":["z@y","v@y"]},{"address":"z@y","by":"alias","targets":[]}]})")),
            "x@y is refused: 550 5.1.1 no\n"
            "  x@y -> z@y, v@y (alias)\n"
            "  z@y -> nobody (alias)\n");
}

TEST(WaysReport, WhyBeginsWithTheReason) {
  const auto text = why_text(parsed(R"({"waiting":[{"destination":"y","site":"mx.y","state":"waiting","messages":2,
      "reason":"down: refused","next":"2026-11-23T09:35:55.123Z","id":"06ZQ3W8K1M4TR","last_reply":"451 later"}]})"),
                             "y");
  EXPECT_EQ(text,
            "y              down: refused\n"
            "  last reply   451 later\n"
            "  next         2026-11-23 09:35:55Z\n"
            "  destination  mx.y\n"
            "  waiting      2, such as 06ZQ3W8K1M4TR\n");
  EXPECT_EQ(why_text(parsed(R"({"waiting":[]})"), "y"), "Nothing waits for y.\n");
}

TEST(HistoryReport, MissingAndWrongKeysAreNoReasonToFail) {
  for (const char* text : {"{}", R"({"events":7,"messages":7,"ways":7,"waiting":7,"message":7})",
                           R"({"events":[7],"messages":[7],"ways":[7],"waiting":[7]})"}) {
    const auto value = parsed(text);
    EXPECT_THAT(trace_text(value), Not(HasSubstr("\x1B")));
    history_text(value);
    route_text(value);
    why_text(value, "x");
  }
}

}  // namespace
}  // namespace godwit::tools
